// SPDX-License-Identifier: Apache-2.0
// Why a carrier or trunk cannot be stored: the one error enum of pstn/trunk, as boost::system error codes.
#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <string_view>
#include <type_traits>

namespace tollgate::pstn::trunk {

enum class trunk_error {
  bad_name = 1,  // empty, longer than 64 bytes, or with control characters
  name_taken,    // another carrier or trunk has it
  no_such_carrier,
  no_such_trunk,
  carrier_in_use,  // it still has trunks
  bad_host,        // neither an address nor a host name
  bad_port,
  bad_credentials,    // digest without user name, or a control character
  bad_codec,          // unknown, or none
  bad_source,         // an inbound source that is no address and no CIDR block
  bad_prefix,         // a served prefix that is not 1 to 15 digits
  bad_capacity,       // negative, or a weight or priority out of range
  bad_region,         // no ISO 3166 code that has a numbering plan
  bad_failover_code,  // a status that is never followed by another trunk, or listed twice
};

/// "bad_name", ...
std::string_view code(trunk_error error);

/// Category "tollgate.trunk"; message() is an English sentence.
const boost::system::error_category& trunk_category();

inline boost::system::error_code make_error_code(trunk_error error) {
  return {static_cast<int>(error), trunk_category()};
}

}  // namespace tollgate::pstn::trunk

template <>
struct boost::system::is_error_code_enum<tollgate::pstn::trunk::trunk_error> : std::true_type {};
