// SPDX-License-Identifier: Apache-2.0
// Calls over IPv6, out and in, to sipp.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>

#include "far_end.hpp"

namespace tollgate::tests::sip {
namespace {

constexpr const char* here = "::1";

class Ipv6 : public testing::TestWithParam<const char*> {
 protected:
  Ipv6() : ours([](ua::user_agent_options& options) { options.address = here; }) {
    ours.user_agent.set_admission(
        [](const ua::source_address& source, std::string_view) { return ua::admission{source.ip == here}; });
  }
  std::string transport() const { return GetParam(); }
  std::string of_sipp() const { return transport() == "udp" ? "u1" : "t1"; }

  agent ours;
};

TEST_P(Ipv6, ACallGoesOut) {
  sipp called("called_answers", 0, of_sipp(), here);
  auto request = invite_to(called.port, transport());
  request.request_uri =
      "sip:+442079460958@[::1]:" + std::to_string(called.port) + ";transport=" + transport();
  request.from_uri = "sip:+16505550100@[::1]";
  const auto key = ours.user_agent.next_call_key();
  ours.user_agent.send_invite(key, request);
  for (;;) {
    const auto any = ours.events.next();
    ASSERT_TRUE(any);
    if (std::holds_alternative<ua::answered>(*any)) break;
    ASSERT_TRUE(std::holds_alternative<ua::provisional>(*any));
  }
  ours.user_agent.hang_up(key, 16, "");
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(called.succeeds());
}

TEST_P(Ipv6, ACallComesIn) {
  sipp caller("caller_is_answered", ours.port, of_sipp(), here);
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  EXPECT_EQ(incoming->source_ip, here);
  ours.user_agent.send_progress(incoming->key, 180, "");
  ours.user_agent.send_progress(incoming->key, 183, pcma_sdp(40000));
  ours.user_agent.answer(incoming->key, pcma_sdp(40000));
  EXPECT_TRUE(ours.events.expect<ua::acknowledged>());
  ours.user_agent.hang_up(incoming->key, 16, "");
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(caller.succeeds());
}

INSTANTIATE_TEST_SUITE_P(Transports, Ipv6, testing::Values("udp", "tcp"));

/// One of ours with an address of each family; the far ends stand at `far` of either.
class BothFamilies : public testing::Test {
 protected:
  explicit BothFamilies(const std::string& address = "127.0.0.1", const std::string& address6 = "::1")
      : ours([&](ua::user_agent_options& options) {
          options.address = address;
          options.address6 = address6;
          options.advertised_address = "127.0.0.1";
          options.advertised_address6 = "::1";
        }) {
    ours.user_agent.set_admission([](const ua::source_address& source, std::string_view) {
      return ua::admission{source.ip == "127.0.0.1" || source.ip == "::1"};
    });
  }

  void call_out(const std::string& far, const std::function<void(ua::invite&, std::uint16_t)>& adjust = {}) {
    sipp called("called_answers", 0, "u1", far);
    const std::string host = far == "::1" ? "[::1]" : far;
    auto request = invite_to(called.port, "udp");
    request.request_uri = "sip:+442079460958@" + host + ":" + std::to_string(called.port) + ";transport=udp";
    request.from_uri = "sip:+16505550100@" + host;
    if (adjust) adjust(request, called.port);
    const auto key = ours.user_agent.next_call_key();
    ours.user_agent.send_invite(key, request);
    for (;;) {
      const auto any = ours.events.next();
      ASSERT_TRUE(any) << far;
      if (std::holds_alternative<ua::answered>(*any)) break;
      ASSERT_TRUE(std::holds_alternative<ua::provisional>(*any)) << far;
    }
    ours.user_agent.hang_up(key, 16, "");
    EXPECT_TRUE(ours.events.expect<ua::ended>());
    EXPECT_TRUE(called.succeeds()) << far;
  }

  void call_in(const std::string& far) {
    sipp caller("caller_is_answered", ours.port, "u1", far);
    const auto incoming = ours.events.expect<ua::incoming_invite>();
    ASSERT_TRUE(incoming) << far;
    EXPECT_EQ(incoming->source_ip, far);
    ours.user_agent.send_progress(incoming->key, 180, "");
    ours.user_agent.send_progress(incoming->key, 183, pcma_sdp(40000));
    ours.user_agent.answer(incoming->key, pcma_sdp(40000));
    EXPECT_TRUE(ours.events.expect<ua::acknowledged>());
    ours.user_agent.hang_up(incoming->key, 16, "");
    EXPECT_TRUE(ours.events.expect<ua::ended>());
    EXPECT_TRUE(caller.succeeds()) << far;
  }

  agent ours;
};

class EveryAddressOfBothFamilies : public BothFamilies {
 protected:
  EveryAddressOfBothFamilies() : BothFamilies("0.0.0.0", "::") {}
};

TEST_F(BothFamilies, ACallGoesOutFromThatOfItsNextHop) {
  call_out("127.0.0.1");
  call_out("::1");
}

TEST_F(
    BothFamilies,
    OfANameWithAnAddressTheAddressDecides) {  // as towards carriers by TLS, whose certificate is the name's
  call_out("::1", [](ua::invite& request, std::uint16_t port) {
    request.request_uri = "sip:+442079460958@other.example";
    request.route = "sip:carrier.example:" + std::to_string(port) + ";transport=udp;maddr=[::1]";
  });
}

TEST_F(BothFamilies, ACallComesInByEither) {
  call_in("127.0.0.1");
  call_in("::1");
}

TEST_F(BothFamilies, AFarEndIsAskedForItsHealthByEither) {
  for (const std::string host : {"127.0.0.1", "[::1]"}) {
    const auto key = ours.user_agent.next_call_key();
    ours.user_agent.send_options(key, "sip:" + host + ":" + std::to_string(ours.port) + ";transport=udp");
    const auto result = ours.events.expect<ua::options_result>();
    ASSERT_TRUE(result) << host;
    EXPECT_EQ(result->key, key);
    EXPECT_EQ(result->status, 200) << host;  // ours, over the loopback
  }
}

TEST_F(EveryAddressOfBothFamilies, HaveTheSamePort) {
  call_in("127.0.0.1");
  call_in("::1");
  call_out("::1");
}

}  // namespace
}  // namespace tollgate::tests::sip
