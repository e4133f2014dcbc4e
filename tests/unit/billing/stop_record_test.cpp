// SPDX-License-Identifier: Apache-2.0
// A stop record survives its JSON, hostile texts do not, and broken JSON is an error.
#include "billing/stop_record.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "billing/error.hpp"
#include "billing/rate.hpp"

namespace tollgate::billing {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

stop_record full_record() {
  const auto at = system_clock::time_point{microseconds{1'790'000'000'123'456}};
  stop_record record;
  record.account_id.data[0] = 1;
  record.call_id.data[15] = 0xfe;
  record.parent_call_id.emplace().data[3] = 7;
  record.direction = call_direction::forward;
  record.caller = "+16505550100";
  record.callee = "Zoë \"the\" \\ 電話";
  record.started = at;
  record.ringing = at + milliseconds{200};
  record.answered = at + seconds{3};
  record.ended = at + seconds{63};
  record.ring = milliseconds{2800};
  record.talk = milliseconds{60'001};
  record.post_dial_delay = milliseconds{180};
  record.trunk = "main";
  record.attempts = {
      {.trunk = "first",
       .sip_code = 503,
       .reason = "unavailable",
       .at = at,
       .target = "udp 192.0.2.1:5060",
       .sip_call_id = "8f2c@gateway",
       .q850_cause = 34},
      {.trunk = "full", .reason = "full", .at = at},
      {.trunk = "main",
       .sip_code = 200,
       .reason = "OK",
       .at = at + seconds{1},
       .post_dial_delay = milliseconds{180},
       .connected = milliseconds{7},
       .cost = cost_rate{.deck = "main", .currency = "EUR", .terms = {.rate_id = 3, .prefix = "44"}}}};
  record.sip_code = 200;
  record.q850_cause = 16;
  record.hung_up_by = call_side::callee;
  record.reason = "normal";
  record.overlay_codec = "opus";
  record.trunk_codec = "PCMA";
  record.from_overlay = {3000, 12, 4.25, 4.1, 0.02, 3.5, 80.0, 4.0};
  record.from_trunk = {2999, 0, 0.5, 4.4};
  record.srtp_profile = "SRTP_AEAD_AES_256_GCM";
  record.node = "gateway-1";
  record.caller_verdict = "verified_a";
  record.carrier_id.emplace().data[0] = 9;
  return record;
}

TEST(StopRecord, SurvivesItsJson) {
  for (const auto& record : {full_record(), stop_record{}}) {
    const auto json = to_json(record);
    EXPECT_EQ(json.find('\n'), std::string::npos);
    const auto read = parse_stop_record(json);
    ASSERT_TRUE(read.has_value()) << json;
    EXPECT_EQ(*read, record);
  }
}

TEST(StopRecord, HostileContentIsMadeHarmless) {
  auto record = full_record();
  record.caller = std::string("a\0b\x01\xff\xc3(", 7) + "\xed\xa0\x80";
  record.callee = std::string(100'000, 'x');
  record.trunk = std::string(255, 'x') + "ä";
  record.talk = milliseconds::max();
  record.ring = milliseconds{-5};
  record.sip_code = -1;
  record.q850_cause = 100'000;
  record.started = system_clock::time_point::max();
  record.ended = system_clock::time_point::min();
  record.from_trunk = {std::numeric_limits<std::uint64_t>::max(), 0, std::numeric_limits<double>::quiet_NaN(),
                       std::numeric_limits<double>::infinity()};
  record.attempts.resize(1000);
  const auto read = parse_stop_record(to_json(record));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->caller, "ab(");
  EXPECT_EQ(read->callee, std::string(256, 'x'));
  EXPECT_EQ(read->trunk, std::string(255, 'x'));
  EXPECT_EQ(read->talk, max_call_duration);
  EXPECT_EQ(read->ring.count(), 0);
  EXPECT_EQ(read->sip_code, 0);
  EXPECT_EQ(read->q850_cause, 127);
  EXPECT_EQ(read->from_trunk.packets, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(read->from_trunk.jitter_ms, 0);
  EXPECT_EQ(read->attempts.size(), 50U);
  EXPECT_EQ(read->ended, system_clock::time_point{});
}

TEST(StopRecord, OfTooManyAttemptsThoseThatWerePassedOverGo) {
  auto record = full_record();
  record.attempts.assign(60, {.trunk = "full", .sip_code = 0, .reason = "no channel"});
  record.attempts[7].sip_code = 503;
  record.attempts.back() = {.trunk = "last", .sip_code = 200, .reason = "OK"};
  const auto read = parse_stop_record(to_json(record));
  ASSERT_TRUE(read.has_value());
  ASSERT_EQ(read->attempts.size(), 50U);
  EXPECT_EQ(read->attempts[0].sip_code, 503) << "in their order";
  EXPECT_EQ(read->attempts.back().trunk, "last");
}

TEST(StopRecord, BrokenJsonIsAnError) {
  const auto good = to_json(full_record());
  for (
      const std::string& text :
      {std::string(), std::string("{}"), std::string("[]"), std::string("null"), good + "x",
       good.substr(0, good.size() / 2), std::string(R"({"account_id":"x","call_id":"y","talk_ms":1})"),
       std::string(10'000, '['),
       std::string(
           R"({"account_id":"{0000000-0000-0000-0000-000000000000","call_id":"00000000-0000-0000-0000-000000000000","talk_ms":1})")}) {
    const auto read = parse_stop_record(text);
    ASSERT_TRUE(read.has_error()) << text;
    EXPECT_EQ(read.error(), error::malformed);
  }
  const auto with = [&](const std::string& from, const std::string& to) {
    auto text = good;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  for (const auto& text :
       {with("\"forward\"", "\"sideways\""), with("\"forward\"", "3"), with("60001", "\"60001\""),
        with("60001", "1e99"), with(":200,\"q850", ":99999999999,\"q850"), with("2026-", "1826-"),
        with("\"trunk\":\"main\"", "\"trunk\":[]")})
    EXPECT_TRUE(parse_stop_record(text).has_error()) << text;
}

}  // namespace
}  // namespace tollgate::billing
