// SPDX-License-Identifier: Apache-2.0
// A carrier's CSV is read in its dialects, and its calls are paired with ours.
#include "billing/reconciliation.hpp"

#include <gtest/gtest.h>

#include "billing/cdr_export.hpp"

namespace tollgate::billing {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

const system_clock::time_point noon = sys_days{2026y / 11 / 22} + 12h;

TEST(CarrierCsv, IsReadInItsDialects) {
  struct row {
    const char* name;
    const char* csv;
  };
  for (const auto& [name, csv] : {
           row{"plain", "called,time,seconds,amount\n442079460958,2026-11-22T12:00:00Z,61,0.0123\n"},
           row{"spreadsheet",
               "\xef\xbb\xbf"
               "Called Number;Connect Time;Duration;Cost\r\n+44 20 7946 0958;2026-11-22 "
               "12:00:00;00:01:01;0,0123\r\n\r\n"},
           row{"others ignored",
               "id\tdestination-number\tstart_time\tbillsec\tcharge\nx\t00442079460958\t2026-11-22T13:00:00+"
               "01:00\t61\t0.0123\n"},
           row{"epoch", "b_number|setup_time|duration_s|price\n442079460958|1795348800|61|0.0123\n"},
           row{"milliseconds", "to,start_time,seconds,total\n442079460958,1795348800000,1:01,0.0123\n"},
           row{"answer first",
               "called,start_time,answer_time,seconds,cost\n442079460958,2026-11-22T11:59:00Z,2026-11-22T12:"
               "00:00Z,61,0.0123\n"},
           row{"fractions",
               "called,time,seconds,cost\n442079460958,2026-11-22 13:00:00.000+0100,61,0.0123\n"},
       }) {
    const auto read = parse_carrier_csv(csv);
    ASSERT_TRUE(read.problems.empty()) << name << ": " << read.problems[0].text;
    ASSERT_EQ(read.calls.size(), 1U) << name;
    EXPECT_EQ(read.calls[0].called, "442079460958") << name;
    EXPECT_EQ(read.calls[0].at, noon) << name;
    EXPECT_EQ(read.calls[0].seconds, 61) << name;
    EXPECT_EQ(read.calls[0].amount, money{12'300}) << name;
    EXPECT_EQ(read.calls[0].line, 2U) << name;
  }
  const auto offset =
      parse_carrier_csv("called,time,seconds\n44,2026-11-22 07:00:00,5\n44,2026-11-22 07:00:00,0\n", -5h);
  ASSERT_EQ(offset.calls.size(), 1U);  // the one that was not answered is none
  EXPECT_EQ(offset.calls[0].at, noon);
  EXPECT_FALSE(offset.calls[0].amount);
}

TEST(CarrierCsv, TellsWhatIsWrongByLine) {
  const std::string header = "called,time,seconds,amount\n";
  struct row {
    const char* csv;
    std::size_t line;
    const char* word;
  };
  for (const auto& [csv, line, word] :
       {row{"442079,2026-11-22T12:00:00Z,61,1\nSIP:alice,2026-11-22T12:00:00Z,61,1\n", 3, "telephone number"},
        row{"44,yesterday,61,1\n", 2, "no time"}, row{"44,2026-02-30T00:00:00Z,61,1\n", 2, "no time"},
        row{"44,2026-11-22T12:00:00+25:99,61,1\n", 2, "no time"},
        row{"44,2026-11-22T12:00:00Z,-1,1\n", 2, "no duration"},
        row{"44,2026-11-22T12:00:00Z,1:60,1\n", 2, "no duration"},
        row{"44,2026-11-22T12:00:00Z,99999999999999999999,1\n", 2, "no duration"},
        row{"44,2026-11-22T12:00:00Z,1,NaN\n", 2, "no amount"},
        row{"44,2026-11-22T12:00:00Z,1\n44\n", 3, "no time"},
        row{"\"44,2026-11-22T12:00:00Z,1\n", 2, "quote"},
        row{"1234567890123456789012345678901234567890,2026-11-22T12:00:00Z,1,1\n", 2, "telephone number"}}) {
    const auto read = parse_carrier_csv(header + csv);
    ASSERT_EQ(read.problems.size(), 1U) << csv;
    EXPECT_EQ(read.problems[0].line, line) << csv;
    EXPECT_NE(read.problems[0].text.find(word), std::string::npos) << read.problems[0].text;
  }
  for (const char* csv :
       {"", "called,time\n", "time,seconds\n", "called,seconds\n", "called,to,time,seconds\n"})
    EXPECT_FALSE(parse_carrier_csv(csv).problems.empty()) << csv;
}

own_call our(std::uint8_t id, const char* called, system_clock::time_point started, std::int64_t talk_ms) {
  own_call call{.started = started, .answered = started + 5s, .called = called, .talk_ms = talk_ms};
  call.call_id.data[15] = id;
  return call;
}

carrier_call their(std::size_t line, const char* called, system_clock::time_point at, std::int64_t seconds) {
  return {.line = line, .at = at, .called = called, .seconds = seconds};
}

TEST(CarrierComparison, FindsMissingExtraAndOtherSeconds) {
  const auto found = compare_calls({our(1, "44", noon, 60'000), our(2, "44", noon + 10min, 30'400),
                                    our(3, "33", noon, 5'000), our(4, "49", noon, 90'000)},
                                   {their(2, "44", noon + 6s, 60), their(3, "44", noon + 10min, 31),
                                    their(4, "49", noon + 30s, 120), their(5, "1650", noon, 7)});
  EXPECT_EQ(found.matched, 3);
  ASSERT_EQ(found.missing.size(), 1U);
  EXPECT_EQ(found.missing[0].called, "33");
  ASSERT_EQ(found.extra.size(), 1U);
  EXPECT_EQ(found.extra[0].line, 5U);
  ASSERT_EQ(found.seconds_differ.size(), 1U);
  EXPECT_EQ(found.seconds_differ[0].theirs.line, 4U);
  EXPECT_TRUE(found.amount_differs.empty());
}

TEST(CarrierComparison, AnAnswerThatCrossedTheCancelIsPairedButNotMissed) {
  auto unheard = our(1, "44", noon, 20);
  unheard.unheard = true;
  const auto charged = compare_calls({unheard}, {their(2, "44", noon + 1s, 1)});
  EXPECT_EQ(charged.matched, 1);
  EXPECT_TRUE(charged.extra.empty() && charged.seconds_differ.empty());
  EXPECT_TRUE(compare_calls({unheard}, {}).missing.empty()) << "the carrier has it as 0 s";
}

// A line that stands twice is one call too many; two calls to one number pair with the nearest each.
TEST(CarrierComparison, EachRecordIsPairedOnce) {
  const auto twice =
      compare_calls({our(1, "44", noon, 60'000)}, {their(2, "44", noon, 60), their(3, "44", noon, 60)});
  EXPECT_EQ(twice.matched, 1);
  EXPECT_EQ(twice.extra.size(), 1U);
  const auto near = compare_calls({our(1, "44", noon, 10'000), our(2, "44", noon + 40s, 20'000)},
                                  {their(2, "44", noon + 41s, 20), their(3, "44", noon + 1s, 10)});
  EXPECT_EQ(near.matched, 2);
  EXPECT_TRUE(near.seconds_differ.empty());
  const auto far = compare_calls({our(1, "44", noon, 10'000)}, {their(2, "44", noon + 5s + 91s, 10)});
  EXPECT_EQ(far.matched, 0);
  EXPECT_EQ(compare_calls({our(1, "44", noon, 10'000)}, {their(2, "44", noon + 5s + 90s, 10)}).matched, 1);
}

TEST(CarrierComparison, SecondsMayBeTalkTimeOrWhatTheIncrementsMakeOfIt) {
  const auto differs = [](std::int64_t talk_ms, std::int64_t billed, std::int64_t seconds) {
    auto ours = our(1, "44", noon, talk_ms);
    ours.cost_billed_s = billed;
    return !compare_calls({ours}, {their(2, "44", noon, seconds)}).seconds_differ.empty();
  };
  EXPECT_FALSE(differs(61'500, 0, 61));
  EXPECT_FALSE(differs(61'500, 0, 62));
  EXPECT_FALSE(differs(61'500, 0, 60));  // within a second of 61
  EXPECT_TRUE(differs(61'500, 0, 59));
  EXPECT_FALSE(differs(61'500, 0, 63));
  EXPECT_TRUE(differs(61'500, 0, 64));
  EXPECT_FALSE(differs(61'500, 120, 120));
  EXPECT_TRUE(differs(61'500, 120, 90));
}

TEST(CarrierComparison, AmountsAreComparedWhereBothAreKnown) {
  auto ours = our(1, "44", noon, 60'000);
  auto theirs = their(2, "44", noon, 60);
  theirs.amount = money{50'000};
  EXPECT_TRUE(compare_calls({ours}, {theirs}).amount_differs.empty());
  ours.cost = money{40'000};
  EXPECT_TRUE(compare_calls({ours}, {theirs}).amount_differs.empty());  // a cent
  ours.cost = money{39'999};
  EXPECT_EQ(compare_calls({ours}, {theirs}).amount_differs.size(), 1U);
}

TEST(ExportCursor, IsReadAsWritten) {
  export_cursor cursor{.position = 1'234'567'890'123};
  cursor.call_id.data[3] = 7;
  cursor.account_id.data[15] = 255;
  EXPECT_EQ(parse_export_cursor(to_string(cursor)).value(), cursor);
  EXPECT_EQ(parse_export_cursor(to_string(export_cursor{})).value(), export_cursor{});
  const auto good = to_string(cursor);
  for (const std::string& bad :
       {std::string{}, std::string{"1"}, good + "0", "-" + good, "x" + good, good.substr(1 + good.find('.')),
        "99999999999999999999" + good.substr(good.find('.')), good.substr(0, good.size() - 1) + "g"})
    EXPECT_FALSE(parse_export_cursor(bad)) << bad;
}

TEST(CdrCsv, HasOneFieldForEachColumn) {
  call_record record;
  record.call.caller = "Zoë, \"the\" second";
  record.call.callee = "+442079460958";
  record.call.attempts = {{"first", 503, "unavailable", noon}, {"main", 200, "OK", noon}};
  record.call.started = noon;
  record.currency = "EUR";
  record.charged = money{17'000};
  const auto header = cdr_csv_header(), line = to_csv(record);
  EXPECT_NE(line.find("\"Zoë, \"\"the\"\" second\",+442079460958,2026-11-22T12:00:00.000000Z"),
            std::string::npos)
      << line;
  EXPECT_NE(line.find("first:503 main:200"), std::string::npos);
  EXPECT_EQ(std::count(header.begin(), header.end(), ','), std::count(line.begin(), line.end(), ',') - 1);
  EXPECT_TRUE(header.ends_with(",node,caller_verdict,rate_deck,rate_deck_version\n") && line.ends_with("\n"));
}

}  // namespace
}  // namespace tollgate::billing
