// SPDX-License-Identifier: Apache-2.0
// Calls over IPv6, out and in, to sipp.
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace tollgate::tests::sip
