// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/connection_guard.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <iterator>

namespace tollgate::pstn::sip {
namespace {

constexpr std::size_t prefix_bytes = 8;  // RFC 6177: whoever has one IPv6 address has a /64 at least

/// What counts as one source: an IPv4 address, the /64 of an IPv6 address.
std::string source_of(const source_address& from) {
  std::array<char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET6, from.ip.c_str(), bytes.data()) != 1) return from.ip;
  return {bytes.data(), prefix_bytes};
}

}  // namespace

bool connection_guard::admits(const source_address& from) const {
  if (open_.size() >= bounds_.most) return false;
  const auto found = by_source_.find(source_of(from));
  return (found == by_source_.end() ? 0 : found->second) < bounds_.most_per_source;
}

void connection_guard::opened(connection which, const source_address& from, time_point now) {
  closed(which);
  open_.emplace(which, entry{from, now});
  ++by_source_[source_of(from)];
}

void connection_guard::heard(const source_address& from, time_point now) {
  for (auto& [which, one] : open_)
    if (one.from.port == from.port && one.from.ip == from.ip) one.last = now;
}

void connection_guard::closed(connection which) {
  if (const auto found = open_.find(which); found != open_.end()) forget(found);
}

std::vector<connection_guard::connection> connection_guard::take_idle(
    time_point now, const std::function<bool(const source_address&)>& is_spared) {
  std::vector<connection> cut;
  for (auto next = open_.begin(); next != open_.end();) {
    const auto one = next++;
    const bool spared = is_spared(one->second.from);
    if (!spared && now - one->second.last < bounds_.idle) continue;
    if (!spared) cut.push_back(one->first);
    forget(one);
  }
  return cut;
}

void connection_guard::forget(std::unordered_map<connection, entry>::iterator which) {
  const auto source = by_source_.find(source_of(which->second.from));
  if (source != by_source_.end() && --source->second == 0) by_source_.erase(source);
  open_.erase(which);
}

}  // namespace tollgate::pstn::sip
