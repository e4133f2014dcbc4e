// SPDX-License-Identifier: Apache-2.0
// The lite agent: what it answers, what it does not, and which address it selects.
#include "gateway/overlay/ice_lite.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "gateway/overlay/datagram.hpp"

namespace tollgate::gateway::overlay {
namespace {

using namespace std::chrono_literals;

class IceLite : public testing::Test {
 protected:
  using build = std::function<void(stun_writer&)>;

  static std::vector<std::byte> request(const std::string& username, const std::string& password,
                                        const build& add = {}) {
    stun_writer writer(stun_class::request, stun_binding, {std::byte{7}});
    writer.username(username).priority(1);
    if (add) add(writer);
    writer.integrity(password).fingerprint();
    return {writer.datagram().begin(), writer.datagram().end()};
  }
  std::vector<std::byte> valid(const build& add = {}) const {
    return request(username_, local_.password, add);
  }

  ice_credentials local_ = make_ice_credentials();
  ice_credentials remote_ = make_ice_credentials();
  std::string username_ = local_.username_fragment + ':' + remote_.username_fragment;
  ice_lite_agent agent_{local_, remote_};
  transport_address first_{boost::asio::ip::make_address("192.0.2.1"), 1000};
  transport_address second_{boost::asio::ip::make_address("192.0.2.2"), 2000};
  ice_lite_agent::time_point now_{1s};
};

TEST_F(IceLite, AnswersAnAuthenticCheckWithTheSourceAddress) {
  const auto answer = agent_.receive(valid(), first_, now_);
  EXPECT_EQ(classify(answer), datagram_kind::stun);
  const auto message = parse_stun(answer);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->kind, stun_class::success);
  EXPECT_EQ(message->mapped_address, first_);
  EXPECT_EQ(message->transaction[0], std::byte{7});
  EXPECT_TRUE(verify_integrity(*message, local_.password));
  EXPECT_EQ(agent_.selected(), first_);
  EXPECT_FALSE(agent_.nominated());
  EXPECT_TRUE(agent_.validated(first_));
  EXPECT_EQ(agent_.last_check(), now_);
}

TEST_F(IceLite, SaysNothingToStrangers) {
  const std::pair<const char*, std::vector<std::byte>> rows[] = {
      {"wrong password", request(username_, remote_.password)},
      {"fragments swapped",
       request(remote_.username_fragment + ':' + local_.username_fragment, local_.password)},
      {"other fragment", request("abcdefgh:" + remote_.username_fragment, local_.password)},
      {"no colon", request(std::string(username_.size(), 'a'), local_.password)},
      {"empty", {}},
      {"no STUN", std::vector<std::byte>(40, std::byte{0x80})},
  };
  for (const auto& [name, datagram] : rows)
    EXPECT_TRUE(agent_.receive(datagram, first_, now_).empty()) << name;
  stun_writer bare(stun_class::request, stun_binding, {});
  bare.username(username_).fingerprint();
  EXPECT_TRUE(agent_.receive(bare.datagram(), first_, now_).empty());
  EXPECT_FALSE(agent_.selected());
  EXPECT_FALSE(agent_.last_check());
}

TEST_F(IceLite, FollowsTheLatestNomination) {
  agent_.receive(valid([](stun_writer& w) { w.use_candidate(); }), first_, now_);
  agent_.receive(valid(), second_, now_);
  EXPECT_EQ(agent_.selected(), first_);
  EXPECT_TRUE(agent_.nominated());
  EXPECT_TRUE(agent_.validated(second_));
  agent_.receive(valid([](stun_writer& w) { w.use_candidate(); }), second_, now_);
  EXPECT_EQ(agent_.selected(), second_);
}

TEST_F(IceLite, RefusesTheOtherRoleAndUnknownAttributes) {
  const auto conflict =
      parse_stun(agent_.receive(valid([](stun_writer& w) { w.controlled(9); }), first_, now_));
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->error_code, 487);
  const auto unknown =
      parse_stun(agent_.receive(valid([](stun_writer& w) { w.unknown_attribute(0x0001); }), first_, now_));
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->error_code, 420);
  EXPECT_FALSE(agent_.selected());
}

TEST_F(IceLite, KeepsNoMoreAddressesThanItsBound) {
  for (unsigned short port = 1; port <= 40; ++port)
    agent_.receive(valid(), {first_.address(), port}, now_);
  EXPECT_FALSE(agent_.validated({first_.address(), 1}));
  EXPECT_TRUE(agent_.validated({first_.address(), 40}));
}

TEST_F(IceLite, RestartTakesNewCredentialsOnly) {
  agent_.receive(valid([](stun_writer& w) { w.use_candidate(); }), first_, now_);
  const auto before = valid();
  agent_.restart(make_ice_credentials(), make_ice_credentials());
  EXPECT_TRUE(agent_.receive(before, second_, now_).empty());
  EXPECT_EQ(agent_.selected(), first_);
  const auto after = request(agent_.local().username_fragment + ':' + agent_.remote().username_fragment,
                             agent_.local().password);
  EXPECT_FALSE(agent_.receive(after, second_, now_).empty());
  EXPECT_EQ(agent_.selected(), second_);
}

TEST(IceCredentials, AreLongAndDifferent) {
  const auto one = make_ice_credentials();
  const auto other = make_ice_credentials();
  EXPECT_EQ(one.username_fragment.size(), 8U);
  EXPECT_EQ(one.password.size(), 24U);
  EXPECT_NE(one.password, other.password);
}

TEST(Datagram, KindsByRfc7983) {
  const struct {
    int first, second;
    std::size_t size;
    datagram_kind kind;
  } rows[] = {
      {0, 1, 20, datagram_kind::stun},      {3, 0, 28, datagram_kind::stun},
      {0, 1, 19, datagram_kind::unknown},   {4, 0, 40, datagram_kind::unknown},
      {19, 0, 40, datagram_kind::unknown},  {20, 0, 13, datagram_kind::dtls},
      {63, 0, 40, datagram_kind::dtls},     {22, 0, 12, datagram_kind::unknown},
      {64, 0, 40, datagram_kind::unknown},  {127, 0, 40, datagram_kind::unknown},
      {128, 0, 12, datagram_kind::rtp},     {191, 111, 40, datagram_kind::rtp},
      {128, 0, 11, datagram_kind::unknown}, {128, 200, 8, datagram_kind::rtcp},
      {128, 223, 28, datagram_kind::rtcp},  {128, 224, 28, datagram_kind::rtp},
      {192, 0, 40, datagram_kind::unknown}, {0, 0, 0, datagram_kind::unknown},
  };
  for (const auto& row : rows) {
    std::vector<std::byte> datagram(row.size);
    if (row.size > 1) {
      datagram[0] = static_cast<std::byte>(row.first);
      datagram[1] = static_cast<std::byte>(row.second);
    }
    EXPECT_EQ(classify(datagram), row.kind) << row.first << ' ' << row.second << ' ' << row.size;
  }
}

}  // namespace
}  // namespace tollgate::gateway::overlay
