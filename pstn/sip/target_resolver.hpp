// SPDX-License-Identifier: Apache-2.0
// Finds a carrier's targets by DNS: NAPTR, SRV, A and AAAA (RFC 3263 §4), with Sofia's resolver.
#pragma once

#include <memory>
#include <string>

#include "pstn/sip/address_family.hpp"
#include "pstn/sip/target.hpp"

namespace tollgate::pstn::sip {

/// Belongs to one thread, which it blocks: for some seconds where no server answers.
class target_resolver {
 public:
  /// `configuration` is a file in the form of resolv.conf(5); a line "port N" names another port than 53 for
  /// the servers that follow. Throws std::runtime_error when there is no resolver. AAAA records
  /// count where IPv6 is `reached`, A records where IPv4 is; of a host that has both the former come first.
  /// Without `has_tls` no NAPTR record leads to TLS.
  target_resolver(const std::string& configuration, address_families reached, bool has_tls);
  ~target_resolver();
  target_resolver(const target_resolver&) = delete;
  target_resolver& operator=(const target_resolver&) = delete;

  /// At most 16 targets. An IP literal is its own target.
  target_answer resolve(const target_query& query);

 private:
  class implementation;
  std::unique_ptr<implementation> implementation_;
};

}  // namespace tollgate::pstn::sip
