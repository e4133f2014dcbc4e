// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/outbound_invite.hpp"

#include <gtest/gtest.h>

#include "example_trunk.hpp"

namespace tollgate::pstn::trunk {
namespace {

TEST(OutboundInvite, NamesNumberHopAndCaller) {
  trunk by = example_trunk();
  by.port = 5080;
  const sip::invite invite =
      make_invite(by, number_of("+442079460958"), {.number = number_of("+16505550100"), .display = "Alice"},
                  "203.0.113.9");
  EXPECT_EQ(invite.request_uri, "sip:+442079460958@192.0.2.1:5080");
  EXPECT_EQ(invite.route, "sip:192.0.2.1:5080;transport=udp");
  EXPECT_EQ(invite.from_uri, "sip:+16505550100@203.0.113.9");
  EXPECT_EQ(invite.from_display, "Alice");
  ASSERT_EQ(invite.headers.size(), 1U);
  EXPECT_EQ(invite.headers[0].name, "P-Asserted-Identity");
  EXPECT_TRUE(invite.sdp.empty());
  EXPECT_FALSE(invite.credentials);
}

TEST(OutboundInvite, WritesAnEmergencyNumberAsItIsDialled) {
  trunk by = example_trunk();
  by.numbers = number_format::international_00;
  const sip::invite invite =
      make_emergency_invite(by, "112", {.number = number_of("+493012345678"), .display = ""}, "203.0.113.9");
  EXPECT_EQ(invite.request_uri, "sip:112@192.0.2.1:5060");
  EXPECT_EQ(invite.from_uri, "sip:00493012345678@203.0.113.9");
}

TEST(OutboundInvite, CarriesCredentialsTransportAndIPv6) {
  trunk by = example_trunk();
  by.host = "2001:db8::1";
  by.transport = transport::tls;
  by.digest = {"user", "secret", "carrier.example"};
  by.numbers = number_format::e164;
  const sip::invite invite = make_invite(by, number_of("+442079460958"), {}, "203.0.113.9");
  EXPECT_EQ(invite.request_uri, "sip:442079460958@[2001:db8::1]:5060");
  EXPECT_EQ(invite.route, "sip:[2001:db8::1]:5060;transport=tls");
  ASSERT_TRUE(invite.credentials);
  EXPECT_EQ(invite.credentials->username, "user");
  EXPECT_EQ(invite.credentials->realm, "carrier.example");
}

}  // namespace
}  // namespace tollgate::pstn::trunk
