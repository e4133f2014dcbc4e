// SPDX-License-Identifier: Apache-2.0
// The capture file byte by byte; that tcpdump reads it is tested end to end (tests/e2e/trace_test.py).
#include "gateway/trace/pcap.hpp"

#include <gtest/gtest.h>

#include "sample.hpp"

namespace tollgate::gateway::trace {
namespace {

unsigned octet(const std::string& from, std::size_t at) {
  return static_cast<unsigned char>(from.at(at));
}

unsigned big16(const std::string& from, std::size_t at) {
  return octet(from, at) << 8 | octet(from, at + 1);
}

unsigned little32(const std::string& from, std::size_t at) {
  return octet(from, at) | octet(from, at + 1) << 8 | octet(from, at + 2) << 16 | octet(from, at + 3) << 24;
}

// RFC 1071: of data that contains its own checksum the sum is all ones.
unsigned ones_sum(const std::string& data) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < data.size(); ++i)
    sum += i % 2 == 0 ? octet(data, i) << 8 : octet(data, i);
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

TEST(Pcap, HasAHeaderAndAPacketOfEachMessage) {
  call_trace call{{}, "n", noon, std::nullopt};
  const std::string text = invite("one");
  call.messages = {
      message(std::chrono::microseconds(250), false, "192.0.2.7", text),
      message(std::chrono::microseconds(0), true, "2001:db8::8", text)};  // families differ: left out
  const std::string file = to_pcap(call);
  EXPECT_EQ(little32(file, 0), 0xa1b2c3d4U);
  EXPECT_EQ(little32(file, 20), 101U);
  EXPECT_EQ(little32(file, 24), 1'800'000'000U);
  EXPECT_EQ(little32(file, 28), 250U);
  EXPECT_EQ(little32(file, 32), 28 + text.size());
  const std::string packet = file.substr(40);
  ASSERT_EQ(packet.size(), 28 + text.size());
  EXPECT_EQ(octet(packet, 0), 0x45U);
  EXPECT_EQ(big16(packet, 2), packet.size());
  EXPECT_EQ(ones_sum(packet.substr(0, 20)), 0xffffU);
  EXPECT_EQ(octet(packet, 15), 7U) << "from the far end";
  EXPECT_EQ(octet(packet, 19), 1U) << "to us";
  EXPECT_EQ(big16(packet, 20), 5070U);
  EXPECT_EQ(big16(packet, 22), 5060U);
  const unsigned length = big16(packet, 24);
  EXPECT_EQ(length, 8 + text.size());
  const std::string pseudo = packet.substr(12, 8) + std::string("\0\x11", 2) + packet.substr(24, 2);
  EXPECT_EQ(ones_sum(pseudo + packet.substr(20)), 0xffffU);
  EXPECT_EQ(packet.substr(28), text);
}

TEST(Pcap, OfIpv6HasItsHeaderAndChecksum) {
  call_trace call{{}, "n", noon, std::nullopt};
  call.messages = {message(std::chrono::microseconds(0), true, "2001:db8::8", answer("one", "200 OK"))};
  call.messages[0].local.ip = "2001:db8::1";
  const std::string packet = to_pcap(call).substr(40);
  EXPECT_EQ(octet(packet, 0), 0x60U);
  EXPECT_EQ(big16(packet, 4) + 40, packet.size());
  EXPECT_EQ(octet(packet, 6), 17U);
  EXPECT_EQ(octet(packet, 23), 1U);
  EXPECT_EQ(octet(packet, 39), 8U);
  const std::string pseudo = packet.substr(8, 32) + std::string("\0\x11", 2) + packet.substr(44, 2);
  EXPECT_EQ(ones_sum(pseudo + packet.substr(40)), 0xffffU);
}

}  // namespace
}  // namespace tollgate::gateway::trace
