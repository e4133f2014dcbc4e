// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/error.hpp"

#include <string>

namespace tollgate::pstn::trunk {

std::string_view code(trunk_error error) {
  switch (error) {
    case trunk_error::bad_name:
      return "bad_name";
    case trunk_error::name_taken:
      return "name_taken";
    case trunk_error::no_such_carrier:
      return "no_such_carrier";
    case trunk_error::no_such_trunk:
      return "no_such_trunk";
    case trunk_error::carrier_in_use:
      return "carrier_in_use";
    case trunk_error::bad_host:
      return "bad_host";
    case trunk_error::bad_port:
      return "bad_port";
    case trunk_error::bad_credentials:
      return "bad_credentials";
    case trunk_error::bad_codec:
      return "bad_codec";
    case trunk_error::bad_source:
      return "bad_source";
    case trunk_error::bad_prefix:
      return "bad_prefix";
    case trunk_error::bad_capacity:
      return "bad_capacity";
    case trunk_error::bad_region:
      return "bad_region";
    case trunk_error::bad_failover_code:
      return "bad_failover_code";
  }
  return "bad_name";
}

namespace {

std::string_view sentence(trunk_error error) {
  switch (error) {
    case trunk_error::bad_name:
      return "A name has 1 to 64 printable bytes.";
    case trunk_error::name_taken:
      return "There is already one of this name.";
    case trunk_error::no_such_carrier:
      return "There is no such carrier.";
    case trunk_error::no_such_trunk:
      return "There is no such trunk.";
    case trunk_error::carrier_in_use:
      return "The carrier still has trunks.";
    case trunk_error::bad_host:
      return "The host must be an IP address or a host name.";
    case trunk_error::bad_port:
      return "The port must be 1 to 65535, or 0 where the host is a name with SRV records.";
    case trunk_error::bad_credentials:
      return "Digest credentials need a user name, those of calls in a password as well; registration needs "
             "digest "
             "credentials; none may hold control characters or quotation marks.";
    case trunk_error::bad_codec:
      return "Codecs must be a non-empty list, each once, of PCMA and PCMU.";
    case trunk_error::bad_source:
      return "Inbound sources must be IP addresses or CIDR blocks.";
    case trunk_error::bad_prefix:
      return "Served prefixes must be 1 to 15 digits, without a plus.";
    case trunk_error::bad_capacity:
      return "Capacities must not be negative, the weight is 1 to 10000, the priority 0 to 10000.";
    case trunk_error::bad_region:
      return "The region must be an ISO 3166 code of two capital letters.";
    case trunk_error::bad_failover_code:
      return "Failover codes must be SIP statuses from 300 to 599, each once, but for 486 and 487.";
  }
  return "The trunk is not valid.";
}

// Boost's base class has no virtual destructor; categories are never deleted.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class trunk_error_category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tollgate.trunk"; }
  std::string message(int value) const override {
    return std::string{sentence(static_cast<trunk_error>(value))};
  }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& trunk_category() {
  static const trunk_error_category category;
  return category;
}

}  // namespace tollgate::pstn::trunk
