// SPDX-License-Identifier: Apache-2.0
#include "gateway/trace/pcap.hpp"

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <string_view>

namespace tollgate::gateway::trace {
namespace {

namespace ip = boost::asio::ip;
using std::chrono::duration_cast;
using std::chrono::microseconds;

constexpr std::uint32_t magic = 0xa1b2c3d4;  // times in microseconds
constexpr std::uint16_t version_major = 2, version_minor = 4;
constexpr std::uint32_t snapshot_bytes = 262'144;
constexpr std::uint32_t link_type_raw = 101;        // begins with the IP header
constexpr std::size_t message_most_bytes = 65'000;  // beside the headers within the 16 bits of a length
constexpr std::uint8_t protocol_udp = 17;
constexpr std::uint8_t hops = 64;
constexpr std::size_t udp_header_bytes = 8;

void put_little(std::string& into, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i)
    into += static_cast<char>(value >> 8 * i & 0xff);
}

void put_big(std::string& into, std::uint32_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i)
    into += static_cast<char>(value >> 8 * i & 0xff);
}

// The Internet checksum (RFC 1071).
std::uint16_t checksum(std::string_view data) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto byte = static_cast<unsigned char>(data[i]);
    sum += i % 2 == 0 ? static_cast<std::uint32_t>(byte) << 8 : byte;
  }
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::string octets(const ip::address& address) {
  std::string out;
  if (address.is_v4())
    for (const auto byte : address.to_v4().to_bytes())
      out += static_cast<char>(byte);
  else
    for (const auto byte : address.to_v6().to_bytes())
      out += static_cast<char>(byte);
  return out;
}

// Header and payload; the checksum is over a pseudo header too (RFC 768, RFC 8200 §8.1).
std::string udp_datagram(const std::string& addresses, const endpoint_address& from,
                         const endpoint_address& to, std::string_view payload) {
  const auto size = static_cast<std::uint32_t>(udp_header_bytes + payload.size());
  std::string datagram;
  put_big(datagram, from.port, 2);
  put_big(datagram, to.port, 2);
  put_big(datagram, size, 2);
  std::string summed = addresses;
  put_big(summed, protocol_udp, 2);
  put_big(summed, size, 2);
  summed.append(datagram).append(2, '\0').append(payload);
  const std::uint16_t sum = checksum(summed);
  put_big(datagram, sum == 0 ? 0xffff : sum, 2);
  return datagram.append(payload);
}

std::string ip_packet(const ip::address& from, const ip::address& to, const std::string& datagram) {
  std::string packet;
  const auto size = static_cast<std::uint32_t>(datagram.size());
  if (from.is_v4()) {
    put_big(packet, 0x4500, 2);
    put_big(packet, size + 20, 2);
    put_big(packet, 0, 4);
    put_big(packet, static_cast<std::uint32_t>(hops) << 8 | protocol_udp, 2);
    std::string summed = packet;
    summed.append(2, '\0').append(octets(from)).append(octets(to));
    put_big(packet, checksum(summed), 2);
  } else {
    put_big(packet, 0x60000000, 4);
    put_big(packet, size, 2);
    put_big(packet, static_cast<std::uint32_t>(protocol_udp) << 8 | hops, 2);
  }
  return packet.append(octets(from)).append(octets(to)).append(datagram);
}

}  // namespace

std::string to_pcap(const call_trace& call) {
  std::string out;
  put_little(out, magic, 4);
  put_little(out, version_major, 2);
  put_little(out, version_minor, 2);
  put_little(out, 0, 4);  // UTC
  put_little(out, 0, 4);
  put_little(out, snapshot_bytes, 4);
  put_little(out, link_type_raw, 4);
  for (const trace_message& one : call.messages) {
    boost::system::error_code bad_local, bad_remote;
    const auto local = ip::make_address(one.local.ip, bad_local);
    const auto remote = ip::make_address(one.remote.ip, bad_remote);
    if (bad_local || bad_remote || local.is_v4() != remote.is_v4()) continue;
    const auto& from = one.sent ? local : remote;
    const auto& to = one.sent ? remote : local;
    const std::string datagram = udp_datagram(octets(from) + octets(to), one.sent ? one.local : one.remote,
                                              one.sent ? one.remote : one.local,
                                              std::string_view(one.text).substr(0, message_most_bytes));
    const std::string packet = ip_packet(from, to, datagram);
    const auto at_us = duration_cast<microseconds>(one.at.time_since_epoch()).count();
    put_little(out, static_cast<std::uint32_t>(at_us / 1'000'000), 4);
    put_little(out, static_cast<std::uint32_t>(at_us % 1'000'000), 4);
    put_little(out, static_cast<std::uint32_t>(packet.size()), 4);
    put_little(out, static_cast<std::uint32_t>(packet.size()), 4);
    out += packet;
  }
  return out;
}

}  // namespace tollgate::gateway::trace
