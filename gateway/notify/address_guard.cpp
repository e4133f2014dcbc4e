// SPDX-License-Identifier: Apache-2.0
#include "gateway/notify/address_guard.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <charconv>
#include <stdexcept>

namespace tollgate::gateway::notify {

namespace ip = boost::asio::ip;

namespace {

struct block4 {
  std::uint32_t address;
  unsigned bits;
};

// IANA IPv4 Special-Purpose Address Registry (RFC 6890), and multicast.
constexpr std::array<block4, 16> not_public4{{
    {0x00000000, 8},   // this network
    {0x0A000000, 8},   // private
    {0x64400000, 10},  // shared (RFC 6598)
    {0x7F000000, 8},   // loopback
    {0xA9FE0000, 16},  // link-local, metadata servers
    {0xAC100000, 12},  // private
    {0xC0000000, 24},  // IETF protocol assignments
    {0xC0000200, 24},  // documentation
    {0xC01FC400, 24},  // AS112
    {0xC0586300, 24},  // 6to4 relays
    {0xC0A80000, 16},  // private
    {0xC6120000, 15},  // benchmarking
    {0xC6336400, 24},  // documentation
    {0xCB007100, 24},  // documentation
    {0xE0000000, 4},   // multicast
    {0xF0000000, 4},   // reserved, broadcast
}};

bool is_public4(ip::address_v4 address) {
  const auto value = address.to_uint();
  return std::none_of(not_public4.begin(), not_public4.end(), [value](const block4& block) {
    return ((value ^ block.address) >> (32 - block.bits)) == 0;
  });
}

bool is_public6(const ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  if (address.is_v4_mapped()) return is_public4(ip::make_address_v4(ip::v4_mapped, address));
  if ((bytes[0] & 0xE0) != 0x20) return false;  // 2000::/3 alone is global unicast (RFC 4291 §2.4)
  const unsigned first = bytes[0] * 256U + bytes[1], second = bytes[2] * 256U + bytes[3];
  if (first == 0x2002) return false;                      // 6to4: leads to an IPv4 address
  if (first == 0x2001 && second < 0x0200) return false;   // 2001::/23: Teredo, benchmarking, ORCHID
  if (first == 0x2001 && second == 0x0DB8) return false;  // documentation
  return first != 0x3FFF;                                 // documentation (RFC 9637), and what lies around it
}

ip::address_v6::bytes_type bytes_of(const ip::address& address) {
  return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes() : address.to_v6().to_bytes();
}

}  // namespace

bool is_public(const ip::address& address) {
  return address.is_v4() ? is_public4(address.to_v4()) : is_public6(address.to_v6());
}

address_guard::address_guard(const std::vector<std::string>& permitted) {
  for (const auto& text : permitted) {
    const auto slash = std::min(text.find('/'), text.size());
    boost::system::error_code error;
    const auto address = ip::make_address(text.substr(0, slash), error);
    const unsigned longest = !error && address.is_v4() ? 32 : 128;
    unsigned bits = longest;
    if (!error && slash != text.size()) {
      const char* last = text.data() + text.size();
      const auto [end, failure] = std::from_chars(text.data() + slash + 1, last, bits);
      if (failure != std::errc{} || end != last || bits > longest) error = boost::asio::error::invalid_argument;
    }
    if (error) throw std::invalid_argument(text + " is no address or network");
    permitted_.push_back({bytes_of(address), 128 - longest + bits});
  }
}

bool address_guard::permits(const ip::address& address) const {
  if (is_public(address)) return true;
  const auto bytes = bytes_of(address);
  const auto holds = [&bytes](const network& one) {
    for (unsigned bit = 0; bit < one.bits; bit += 8) {
      const auto taken = std::min(8U, one.bits - bit);
      const auto mask = static_cast<unsigned char>(0xFFU << (8 - taken));
      if (((one.bytes[bit / 8] ^ bytes[bit / 8]) & mask) != 0) return false;
    }
    return true;
  };
  return std::any_of(permitted_.begin(), permitted_.end(), holds);
}

}  // namespace tollgate::gateway::notify
