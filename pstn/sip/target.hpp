// SPDX-License-Identifier: Apache-2.0
// Where a carrier can be reached (RFC 3263): the value types, and the order of DNS records. Free of IO.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tollgate::pstn::sip {

/// One address with port and transport.
struct target {
  std::string address;  ///< IP literal, without brackets
  std::uint16_t port = 0;
  std::string transport;  ///< "udp", "tcp", "tls"

  auto operator<=>(const target&) const = default;
};

/// What is looked for.
struct target_query {
  std::string host;        ///< name or IP literal
  std::uint16_t port = 0;  ///< 0: by NAPTR and SRV
  std::string transport;   ///< without NAPTR records, and never less than "tls" when it is that

  auto operator<=>(const target_query&) const = default;
};

struct target_answer {
  std::vector<target> targets;       ///< in the order in which they are to be tried; empty: there is nothing
  std::chrono::seconds lifetime{0};  ///< of the shortest-lived record
};

/// An SRV record (RFC 2782).
struct service_record {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string host;
};

/// The lower priority first; among equals by chance, each in proportion to its weight (RFC 2782, "Usage
/// rules"). `random_below(n)` is a number from 0 to n - 1.
std::vector<service_record> in_order(std::vector<service_record> records,
                                     const std::function<std::uint32_t(std::uint32_t)>& random_below);

/// A NAPTR record (RFC 3403) of RFC 3263's services.
struct naming_record {
  std::uint16_t order = 0;
  std::uint16_t preference = 0;
  std::string flags;
  std::string service;  ///< "SIP+D2U", "SIP+D2T", "SIPS+D2T"
  std::string replacement;
};

/// The SRV names to ask, in their order, of those records that can be used: flag "s", a known service, and
/// TLS where nothing less will do (RFC 3263 §4.1), and none where `has_tls` is false: a record of a transport
/// that we do not have is as if it were not there (§4.1), so of several orders it is the lowest usable one
/// alone.
struct service_name {
  std::string name;
  std::string transport;
  auto operator<=>(const service_name&) const = default;
};
std::vector<service_name> usable_services(std::vector<naming_record> records, bool only_tls, bool has_tls);

}  // namespace tollgate::pstn::sip
