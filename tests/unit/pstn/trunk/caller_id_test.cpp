// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/caller_id.hpp"

#include <gtest/gtest.h>

#include "example_trunk.hpp"

namespace tollgate::pstn::trunk {
namespace {

const phone_number alice = number_of("+16505550100");
const phone_number london = number_of("+442079460958");

TEST(CallerId, WritesNumbersAsTheCarrierWants) {
  trunk by = example_trunk();
  by.region = "GB";
  by.numbers = number_format::e164_plus;
  EXPECT_EQ(written(by, london), "+442079460958");
  by.numbers = number_format::e164;
  EXPECT_EQ(written(by, london), "442079460958");
  by.numbers = number_format::international_00;
  EXPECT_EQ(written(by, london), "00442079460958");
  by.numbers = number_format::national;
  EXPECT_EQ(written(by, london), "02079460958");
  EXPECT_EQ(written(by, alice), "0016505550100");
}

TEST(CallerId, ReadsNumbersAsTheCarrierWrites) {
  struct row {
    number_format format;
    const char* region;
    const char* text;
    const char* number;  // empty: none
  };
  const row rows[] = {
      {number_format::e164_plus, "", "+442079460958", "+442079460958"},
      {number_format::e164_plus, "", "442079460958", "+442079460958"},
      {number_format::e164_plus, "", "00442079460958", "+442079460958"},
      {number_format::e164_plus, "US", "6505550100", "+16505550100"},
      {number_format::e164_plus, "US", "16505550100", "+16505550100"},
      {number_format::e164, "", "16505550100", "+16505550100"},
      {number_format::international_00, "GB", "02079460958", "+442079460958"},
      {number_format::national, "GB", "02079460958", "+442079460958"},
      {number_format::national, "GB", "0016505550100", "+16505550100"},
      {number_format::national, "US", "6505550100", "+16505550100"},
      {number_format::e164_plus, "GB", "anonymous", ""},
      {number_format::e164_plus, "GB", "", ""},
      {number_format::e164_plus, "GB", "+", ""},
      {number_format::e164_plus, "GB", "+999123456789", ""},
      {number_format::e164_plus, "GB", "112", ""},
  };
  for (const row& one : rows) {
    trunk from = example_trunk();
    from.numbers = one.format;
    from.region = one.region;
    const auto read = read_number(from, one.text);
    EXPECT_EQ(read ? read->e164() : "", one.number) << one.text << ' ' << name(one.format);
  }
}

std::string headers_of(const caller_fields& fields) {
  std::string text;
  for (const sip::header& one : fields.headers)
    text += one.name + ": " + one.value + "\n";
  return text;
}

TEST(CallerId, AssertsTheCaller) {
  trunk to = example_trunk();
  const caller_fields fields = caller_of(to, {.number = alice, .display = "Alice"}, "203.0.113.9");
  EXPECT_EQ(fields.from_uri, "sip:+16505550100@203.0.113.9");
  EXPECT_EQ(fields.from_display, "Alice");
  EXPECT_EQ(headers_of(fields), "P-Asserted-Identity: \"Alice\" <sip:+16505550100@203.0.113.9>\n");
  to.from_domain = "gateway.example";
  to.caller_id = caller_id_mode::remote_party_id;
  EXPECT_EQ(headers_of(caller_of(to, {.number = alice, .display = ""}, "203.0.113.9")),
            "Remote-Party-ID: <sip:+16505550100@gateway.example>;party=calling;screen=yes;privacy=off\n");
  to.caller_id = caller_id_mode::from;
  EXPECT_EQ(headers_of(caller_of(to, {.number = alice, .display = ""}, "203.0.113.9")), "");
}

TEST(CallerId, WithholdsFromTheCalledPartyOnly) {
  trunk to = example_trunk();
  const caller_identity caller{.number = alice, .display = "Alice", .withheld = true};
  caller_fields fields = caller_of(to, caller, "2001:db8::9");
  EXPECT_EQ(fields.from_uri, "sip:anonymous@anonymous.invalid");
  EXPECT_EQ(fields.from_display, "Anonymous");
  EXPECT_EQ(headers_of(fields), "P-Asserted-Identity: <sip:+16505550100@[2001:db8::9]>\nPrivacy: id\n");
  to.caller_id = caller_id_mode::from;
  EXPECT_EQ(headers_of(caller_of(to, caller, "gw")), "");
}

TEST(CallerId, WithoutANumberTheTrunksIsShown) {
  trunk to = example_trunk();
  EXPECT_EQ(caller_of(to, {}, "gw").from_uri, "sip:anonymous@anonymous.invalid");
  to.default_caller = london;
  const caller_fields fields = caller_of(to, {.number = {}, .display = "Alice"}, "gw");
  EXPECT_EQ(fields.from_uri, "sip:+442079460958@gw");
  EXPECT_EQ(headers_of(fields), "P-Asserted-Identity: \"Alice\" <sip:+442079460958@gw>\n");
}

TEST(CallerId, DisplayNamesCannotBreakOut) {
  const trunk to = example_trunk();
  const auto fields = caller_of(to, {.number = alice, .display = "Al\"ice\r\nVia: <x>\\"}, "gw");
  EXPECT_EQ(fields.from_display, "AliceVia: x");
  const auto cut = caller_of(to, {.number = alice, .display = std::string(63, 'a') + "é"}, "gw");
  EXPECT_EQ(cut.from_display, std::string(63, 'a'));
}

TEST(CallerId, BelievesTheAssertedIdentityFirst) {
  trunk from = example_trunk();
  sip::incoming_invite invite;
  invite.request_uri = "sip:+16505550100@203.0.113.9:5060;user=phone";
  invite.to = "sip:someone@else";
  invite.from = "sip:+442079460000@192.0.2.1";
  invite.from_display = "Bob";
  EXPECT_EQ(caller_from(from, invite).number, number_of("+442079460000"));
  EXPECT_EQ(caller_from(from, invite).display, "Bob");
  EXPECT_FALSE(caller_from(from, invite).withheld);
  invite.remote_party_id = "sip:+442079460001@192.0.2.1";
  EXPECT_EQ(caller_from(from, invite).number, number_of("+442079460001"));
  invite.p_asserted_identities = {"tel:+44-nonsense"};
  EXPECT_EQ(caller_from(from, invite).number, number_of("+442079460001"));
  invite.p_asserted_identities = {"sip:+442079460958@192.0.2.1"};
  EXPECT_EQ(caller_from(from, invite).number, london);
  EXPECT_EQ(called_from(from, invite), alice);
}

TEST(CallerId, RespectsPrivacy) {
  const trunk from = example_trunk();
  sip::incoming_invite invite;
  invite.from = "sip:anonymous@anonymous.invalid";
  invite.from_display = "Anonymous";
  EXPECT_TRUE(caller_from(from, invite).withheld);
  EXPECT_FALSE(caller_from(from, invite).number);
  EXPECT_EQ(caller_from(from, invite).display, "");
  invite = {};
  invite.from = "sip:+442079460000@192.0.2.1";
  for (const char* privacy : {"id", "header;id", "user; critical", "id,critical"}) {
    invite.privacy = privacy;
    EXPECT_TRUE(caller_from(from, invite).withheld) << privacy;
  }
  for (const char* privacy : {"ID", "Header", "USER"}) {
    invite.privacy = privacy;
    EXPECT_TRUE(caller_from(from, invite).withheld) << privacy;
  }
  invite.privacy = "none";
  EXPECT_FALSE(caller_from(from, invite).withheld);
  invite.from = "sip:Anonymous@192.0.2.1";
  EXPECT_TRUE(caller_from(from, invite).withheld);
}

TEST(CallerId, RespectsPrivacyOfARemotePartyId) {
  const trunk from = example_trunk();
  sip::incoming_invite invite;
  invite.from = "sip:Restricted@192.0.2.1";
  invite.remote_party_id = "sip:+442079460958@192.0.2.1";
  for (const char* privacy : {"full", "Full", "uri", "name", "full-network"}) {
    invite.remote_party_privacy = privacy;
    EXPECT_TRUE(caller_from(from, invite).withheld) << privacy;
  }
  for (const char* privacy : {"off", "", "off-network"}) {
    invite.remote_party_privacy = privacy;
    EXPECT_FALSE(caller_from(from, invite).withheld) << privacy;
  }
  EXPECT_EQ(caller_from(from, invite).number, london);
}

TEST(CallerId, TakesTheSecondAssertedIdentityWhereTheFirstIsNoNumber) {
  sip::incoming_invite invite;
  invite.from = "sip:+442079460000@192.0.2.1";
  invite.p_asserted_identities = {"sip:alice@carrier.example", "tel:+16505550100"};
  EXPECT_EQ(caller_from(example_trunk(), invite).number, alice);
}

TEST(CallerId, VouchesForNobodyWhomTheTrunkDoesNotVouchFor) {
  trunk from = example_trunk();
  sip::incoming_invite invite;
  invite.from = "sip:+442079460000@192.0.2.1";
  EXPECT_TRUE(caller_from(from, invite).vouched_for);
  from.trusted_identity = false;
  EXPECT_FALSE(caller_from(from, invite).vouched_for);
}

TEST(CallerId, CalledNumberFallsBackToTo) {
  const trunk from = example_trunk();
  sip::incoming_invite invite;
  invite.request_uri = "sip:trunk-user@203.0.113.9";
  invite.to = "sip:+16505550100@203.0.113.9";
  EXPECT_EQ(called_from(from, invite), alice);
  invite.to = "";
  EXPECT_FALSE(called_from(from, invite));
}

TEST(CallerId, ReadsTelUrisAndPhoneContexts) {
  trunk from = example_trunk();
  from.region = "GB";
  struct row {
    const char* uri;
    const char* number;  // empty: none
  };
  const row rows[] = {
      {"tel:+44-20-7946-0958", "+442079460958"},
      {"tel:+1(650)555.0100", "+16505550100"},
      {"tel:7946-0958;phone-context=+44-20", "+442079460958"},
      {"sip:6505550100;phone-context=+1@192.0.2.1;user=phone", "+16505550100"},
      {"sip:02079460958;phone-context=+44@192.0.2.1;user=phone", "+442079460958"},  // together they are none
      {"tel:02079460958;phone-context=carrier.example", "+442079460958"},
      {"tel:+442079460958;phone-context=+1", "+442079460958"},  // global already
      {"tel:112;phone-context=+44", ""},
      {"sip:alice@example.com", ""},
  };
  for (const row& one : rows) {
    const auto read = read_uri(from, one.uri);
    EXPECT_EQ(read ? read->e164() : "", one.number) << one.uri;
  }
}

TEST(CallerId, SaysUserPhoneWhereTheCarrierWantsIt) {
  trunk to = example_trunk();
  to.user_phone = true;
  const caller_fields fields = caller_of(to, {.number = alice, .display = ""}, "203.0.113.9");
  EXPECT_EQ(fields.from_uri, "sip:+16505550100@203.0.113.9;user=phone");
  ASSERT_EQ(fields.headers.size(), 1U);
  EXPECT_EQ(fields.headers[0].value, "<sip:+16505550100@203.0.113.9;user=phone>");
}

TEST(CallerId, BelievesAssertionsOfTrustedTrunksOnly) {
  sip::incoming_invite invite;
  invite.from = "sip:+442079460958@192.0.2.1";
  invite.p_asserted_identities = {"tel:+16505550100"};
  invite.remote_party_id = "sip:+16505550101@192.0.2.1";
  trunk from = example_trunk();
  EXPECT_EQ(caller_from(from, invite).number, alice);
  from.trusted_identity = false;
  EXPECT_EQ(caller_from(from, invite).number, london);
  invite.from = "sip:anonymous@anonymous.invalid";
  EXPECT_FALSE(caller_from(from, invite).number);
  EXPECT_TRUE(caller_from(from, invite).withheld);
}

}  // namespace
}  // namespace tollgate::pstn::trunk
