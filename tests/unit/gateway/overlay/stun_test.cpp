// SPDX-License-Identifier: Apache-2.0
// STUN by the test vectors of RFC 5769 §2.1 to §2.3, and by mutation.
#include "gateway/overlay/stun.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace tollgate::gateway::overlay {
namespace {

using octets = std::vector<std::byte>;

octets from_hex(std::string_view text) {
  octets result;
  int digits = 0;
  unsigned value = 0;
  for (const char c : text) {
    const auto digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) continue;
    value = value << 4 | static_cast<unsigned>(digit);
    if (++digits % 2 == 0) result.push_back(static_cast<std::byte>(value & 0xff));
  }
  return result;
}

constexpr std::string_view password = "VOkJxbRl1RmTxUk/WvJxBt";
const octets request = from_hex(
    "00010058 2112a442 b7e7a701bc34d686fa87dfae 80220010 5354554e207465737420636c69656e74 00240004 6e0001ff"
    "80290008 932ff9b151263b36 00060009 6576746a3a683676 59202020 00080014 "
    "9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004 e57a3bcf");
const octets response_v4 = from_hex(
    "0101003c 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220 00200008 0001a147e112a643"
    "00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96");
const octets response_v6 = from_hex(
    "01010048 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220"
    "00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9 00080014 a382954e4be67bf11784c97c8292c275bfe3ed41"
    "80280004 c8fb0b4c");

TEST(Stun, RequestOfRfc5769) {
  const auto message = parse_stun(request);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->kind, stun_class::request);
  EXPECT_EQ(message->method, stun_binding);
  EXPECT_EQ(message->username, "evtj:h6vY");
  EXPECT_EQ(message->priority, 0x6e0001ffU);
  EXPECT_TRUE(message->controlled);
  EXPECT_FALSE(message->controlling);
  EXPECT_TRUE(verify_integrity(*message, password));
  EXPECT_FALSE(verify_integrity(*message, "VOkJxbRl1RmTxUk/WvJxBu"));
  EXPECT_EQ(local_username_fragment(request), "evtj");
}

TEST(Stun, ResponsesOfRfc5769) {
  const std::pair<const octets&, const char*> rows[] = {
      {response_v4, "192.0.2.1"}, {response_v6, "2001:db8:1234:5678:11:2233:4455:6677"}};
  for (const auto& [datagram, address] : rows) {
    const auto message = parse_stun(datagram);
    ASSERT_TRUE(message) << address;
    EXPECT_EQ(message->kind, stun_class::success);
    EXPECT_TRUE(verify_integrity(*message, password));
    ASSERT_TRUE(message->mapped_address);
    EXPECT_EQ(message->mapped_address->address().to_string(), address);
    EXPECT_EQ(message->mapped_address->port(), 32853);
  }
}

TEST(Stun, WriterMakesWhatTheReaderReads) {
  const auto transaction = parse_stun(request)->transaction;
  const transport_address addresses[] = {{boost::asio::ip::make_address("203.0.113.7"), 5004},
                                         {boost::asio::ip::make_address("2001:db8::1"), 65535}};
  for (const auto& address : addresses) {
    stun_writer writer(stun_class::success, stun_binding, transaction);
    writer.mapped_address(address).software("tollgate").integrity(password).fingerprint();
    ASSERT_TRUE(writer.ok());
    const auto message = parse_stun(writer.datagram());
    ASSERT_TRUE(message);
    EXPECT_EQ(message->mapped_address, address);
    EXPECT_EQ(message->transaction, transaction);
    EXPECT_TRUE(verify_integrity(*message, password));
  }
}

// The vector pads with spaces, the writer with zeros, so the digests differ; the rest is the same message.
TEST(Stun, WriterMakesTheRequestOfRfc5769) {
  stun_writer writer(stun_class::request, stun_binding, parse_stun(request)->transaction);
  writer.software("STUN test client").priority(0x6e0001ff).controlled(0x932ff9b151263b36);
  writer.username("evtj:h6vY").integrity(password).fingerprint();
  ASSERT_TRUE(writer.ok());
  ASSERT_EQ(writer.datagram().size(), request.size());
  EXPECT_TRUE(std::equal(request.begin(), request.begin() + 60, writer.datagram().begin()));
}

TEST(Stun, TooMuchToWriteIsNotWritten) {
  stun_writer writer(stun_class::request, stun_binding, {});
  writer.username(std::string(513, 'u')).software("does not fit any more").integrity(password);
  EXPECT_FALSE(writer.ok());
}

TEST(Stun, EveryChangedBitIsNoticed) {
  for (std::size_t bit = 0; bit < request.size() * 8; ++bit) {
    auto changed = request;
    changed[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    const auto message = parse_stun(changed);
    if (message) {  // a bit of FINGERPRINT's type makes it another attribute
      EXPECT_TRUE(!verify_integrity(*message, password) || bit / 8 >= request.size() - 8) << bit;
    }
  }
}

TEST(Stun, MutationsDoNoHarm) {
  std::mt19937 random(5769);
  for (int round = 0; round < 200'000; ++round) {
    auto changed = round % 2 == 0 ? request : response_v6;
    for (auto count = random() % 6; count > 0; --count)
      changed[random() % changed.size()] = static_cast<std::byte>(random() & 0xff);
    if (random() % 4 == 0) changed.resize(random() % (changed.size() + 1));
    const auto message = parse_stun(changed);
    if (message) verify_integrity(*message, password);
    local_username_fragment(changed);
  }
}

}  // namespace
}  // namespace tollgate::gateway::overlay
