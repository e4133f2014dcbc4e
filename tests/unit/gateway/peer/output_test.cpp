// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/output.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "gateway/peer/text.hpp"

namespace tollgate::gateway::peer {
namespace {

TEST(Output, AScriptGetsOneObjectPerLineAndNoLiveLine) {
  std::ostringstream stream;
  const auto out = make_json_output(stream);
  out->live("0:01");
  out->report("answered", {{"ring_ms", 120}}, "answered");
  out->report("ended", {}, "");
  EXPECT_EQ(stream.str(), "{\"event\":\"answered\",\"ring_ms\":120}\n{\"event\":\"ended\"}\n");
}

TEST(Output, APersonGetsSentencesThatReplaceTheLiveLine) {
  std::ostringstream stream;
  const auto out = make_human_output(stream, true);
  out->live("talking 0:01");
  out->report("ended", {}, "The call ended.");
  EXPECT_EQ(stream.str(), "\r\x1b[Ktalking 0:01\r\x1b[KThe call ended.\n");
}

TEST(Output, WithoutATerminalThereIsNoLiveLine) {
  std::ostringstream stream;
  const auto out = make_human_output(stream, false);
  out->live("talking 0:01");
  EXPECT_EQ(stream.str(), "");
}

TEST(Output, WhatComesFromOutsideCannotDriveTheTerminal) {
  EXPECT_EQ(printable("a\x1b[2Jb\r\n\x7f"
                      "c"),
            "a [2Jb \n c");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J")
                .find('\x9b'),
            std::string::npos);
  EXPECT_EQ(printable("caf\xc3\xa9"), "caf\xc3\xa9");
}

struct amount_row {
  std::int64_t micros;
  const char* text;
};

class AmountText : public testing::TestWithParam<amount_row> {};

TEST_P(AmountText, IsExact) {
  EXPECT_EQ(amount_text(GetParam().micros, "EUR"), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, AmountText,
    testing::Values(amount_row{0, "EUR 0.00"}, amount_row{17'000, "EUR 0.017"},
                    amount_row{9'983'000, "EUR 9.983"}, amount_row{20'000'000, "EUR 20.00"},
                    amount_row{-1, "EUR -0.000001"}, amount_row{1'500'000, "EUR 1.50"},
                    amount_row{std::numeric_limits<std::int64_t>::min(), "EUR -9223372036854.775808"}));

TEST(Text, ACallerForWhomNobodyVouchesIsUnverified) {
  EXPECT_EQ(caller_text("+442079460958", "", ""), "+442079460958, unverified");
  EXPECT_EQ(caller_text("+442079460958", "Bob", "failed_stale"), "Bob (+442079460958), unverified");
  EXPECT_EQ(caller_text("+442079460958", "Bob", "verified_b"), "Bob (+442079460958), unverified");
  EXPECT_EQ(caller_text("+442079460958", "Bob", "verified_a"), "Bob (+442079460958)");
  EXPECT_EQ(caller_text("", "", ""), "withheld");
}

TEST(DurationText, HasHoursOnlyWhenNeeded) {
  EXPECT_EQ(duration_text(std::chrono::seconds(65)), "1:05");
  EXPECT_EQ(duration_text(std::chrono::seconds(3605)), "1:00:05");
  EXPECT_EQ(duration_text(std::chrono::seconds(-5)), "0:00");
}

}  // namespace
}  // namespace tollgate::gateway::peer
