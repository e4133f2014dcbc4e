// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/notice_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tollgate::gateway::peer {
namespace {

struct notice_row {
  const char* name;
  const char* kind;
  boost::json::object body;
  const char* told;  // a part of the sentence
};

class NoticeText : public testing::TestWithParam<notice_row> {};

TEST_P(NoticeText, TellsAPersonWhatHappened) {
  const std::string text = notice_text(GetParam().kind, GetParam().body);
  EXPECT_NE(text.find(GetParam().told), std::string::npos) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, NoticeText,
    testing::Values(
        notice_row{"LapseNotice",
                   "credit_lapse_notice",
                   {{"amount_micros", 5'000'000}, {"currency", "EUR"}, {"lapses_at", "2027-03-01T00:00:00Z"}},
                   "EUR 5.00 becomes inactive on 2027-03-01"},
        notice_row{"Lapsed",
                   "credit_lapsed",
                   {{"amount_micros", 5'000'000}, {"currency", "EUR"}},
                   "EUR 5.00 has become inactive: `tollgate-peer reactivate`"},
        notice_row{"Reactivated", "credit_reactivated", {{"amount_micros", 1}, {"currency", "EUR"}}, "free again"},
        notice_row{"Renewal",
                   "number_term_notice",
                   {{"number", "+16505550100"}, {"until", 1'800'000'000}, {"auto_renew", true}},
                   "+16505550100 ends on 2027-01-15: it is renewed from your credit"},
        notice_row{"NoRenewal",
                   "number_term_notice",
                   {{"number", "+16505550100"}, {"until", 1'800'000'000}, {"auto_renew", false}},
                   "it is not renewed"},
        notice_row{"Withdrawn",
                   "number_withdrawn",
                   {{"number", "+16505550100"}, {"replacement", "+16505550101"}},
                   "You may have +16505550101"},
        notice_row{"Ported",
                   "number_ported",
                   {{"number", "+16505550100"}, {"amount_micros", 5'000'000}, {"currency", "EUR"}},
                   "you get EUR 5.00 back"},
        notice_row{"Grace", "number_in_grace", {{"number", "+1650"}, {"until", 0}}, "rings until 1970-01-01"},
        notice_row{"GivenUp", "number_given_up", {{"number", "+1650"}, {"until", 0}}, "+1650 rings no more"},
        notice_row{"PinLocked", "voicemail_locked", {{"until", 1'800'000'000}}, "until 2027-01-15"},
        notice_row{"ForwardedCall", "low_credit", {{"seconds_left", 10}, {"forwarded_to", "+44"}}, "+44 lasts for 10"},
        notice_row{"Nonsense", "number_in_grace", {{"until", "soon"}, {"number", 5}}, "a number"},
        notice_row{"Unknown", "something_new", {{"event", "x"}}, "something_new"}),
    [](const auto& row) { return row.param.name; });

TEST(NoticeFields, TheEventsOwnKeyIsNotLostBehindTheLinesName) {
  const auto fields = notice_fields("credit_lapsed", {{"event", "credit_lapsed/7"}, {"amount_micros", 1}});
  EXPECT_EQ(fields.at("key").as_string(), "credit_lapsed/7");
  EXPECT_EQ(fields.at("kind").as_string(), "credit_lapsed");
  EXPECT_FALSE(fields.contains("event"));
}

}  // namespace
}  // namespace tollgate::gateway::peer
