// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/inbound.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace tollgate::pstn::trunk {
namespace {

// Every address as IPv6: IPv4 as the mapped form (RFC 4291 §2.5.5.2), which is also how dual-stack sockets
// tell it.
using address_bytes = std::array<unsigned char, 16>;

struct block {
  address_bytes address{};
  int bits = 128;
};

std::optional<block> read_block(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string address{text.substr(0, slash)};
  block read;
  int least = 0;
  if (inet_pton(AF_INET6, address.c_str(), read.address.data()) != 1) {
    read.address[10] = read.address[11] = 0xFF;
    if (inet_pton(AF_INET, address.c_str(), read.address.data() + 12) != 1) return std::nullopt;
    least = 96;
  }
  if (slash != text.size()) {
    int bits = 0;
    const char* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data() + slash + 1, last, bits);
    if (error != std::errc{} || end != last || bits < 0 || bits > 128 - least) return std::nullopt;
    read.bits = least + bits;
  }
  return read;
}

bool contains(const block& wide, const address_bytes& address) {
  for (int bit = 0; bit < wide.bits; bit += 8) {
    const int taken = std::min(8, wide.bits - bit);
    const auto mask = static_cast<unsigned char>(0xFF << (8 - taken));
    const auto at = static_cast<std::size_t>(bit / 8);
    if (((wide.address[at] ^ address[at]) & mask) != 0) return false;
  }
  return true;
}

// Bits of the narrowest block of the trunk that holds the address; -1: none.
int match_bits(const trunk& candidate, const address_bytes& address) {
  int narrowest = -1;
  const auto consider = [&](std::string_view source) {
    const auto wide = read_block(source);
    if (wide && contains(*wide, address)) narrowest = std::max(narrowest, wide->bits);
  };
  for (const std::string& source : candidate.inbound_sources)
    consider(source);
  if (!candidate.inbound_sources.empty()) return narrowest;
  consider(candidate.host);
  for (const std::string& one : candidate.host_addresses)
    consider(one);
  return narrowest;
}

std::optional<address_bytes> read_address(std::string_view text) {
  const auto source = read_block(text);
  return source && source->bits == 128 ? std::optional{source->address} : std::nullopt;
}

}  // namespace

const trunk* match_inbound(std::span<const trunk> trunks, std::string_view source_ip,
                           std::uint16_t source_port) {
  const auto source = read_address(source_ip);
  if (!source) return nullptr;
  const trunk* best = nullptr;
  std::pair<bool, int> best_rank{false, -1};
  for (const trunk& candidate : trunks) {
    if (!candidate.enabled || candidate.inbound_by != inbound_proof::address) continue;
    const int bits = match_bits(candidate, *source);
    const std::pair<bool, int> rank{candidate.port == source_port, bits};
    if (bits >= 0 && (best == nullptr || rank > best_rank)) {
      best = &candidate;
      best_rank = rank;
    }
  }
  return best;
}

inbound_judgement judge_inbound(std::span<const trunk> trunks, std::string_view source_ip,
                                std::uint16_t source_port, std::string_view user) {
  const auto source = read_address(source_ip);
  if (!source) return {};
  bool might_prove = false;
  for (const trunk& candidate : trunks) {
    if (!candidate.enabled || candidate.inbound_by == inbound_proof::address || !candidate.inbound_digest)
      continue;
    if (candidate.inbound_by == inbound_proof::both && match_bits(candidate, *source) < 0) continue;
    if (candidate.inbound_digest->username == user) return {&candidate, true};
    might_prove = true;
  }
  if (const trunk* by_address = match_inbound(trunks, source_ip, source_port)) return {by_address, false};
  return {nullptr, might_prove};
}

bool is_address_or_block(std::string_view text) {
  return read_block(text).has_value();
}

}  // namespace tollgate::pstn::trunk
