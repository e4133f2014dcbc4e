// SPDX-License-Identifier: Apache-2.0
// What the deck parser reads, and every complaint with its line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "billing/rate_deck.hpp"

namespace tollgate::billing {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using namespace std::chrono_literals;

const std::string header = "prefix,destination,price_per_minute\n";

TEST(RateDeckCsv, ReadsAllColumns) {
  const auto deck = parse_deck(
      "prefix,destination,price_per_minute,connection_fee,initial_increment_s,next_increment_s,free_start_s,"
      "included_s,effective_from,"
      "effective_until\r\n"
      "44,\"United Kingdom, \"\"fixed\"\"\",0.017,0.039,30,6,4,10,2026-01-01,2026-07-01T12:30:00Z\r\n");
  ASSERT_TRUE(deck.problems.empty()) << deck.problems[0].text;
  ASSERT_EQ(deck.lines.size(), 1U);
  const auto& line = deck.lines[0];
  EXPECT_EQ(line.terms, (rate{.prefix = "44",
                              .destination = "United Kingdom, \"fixed\"",
                              .connection_fee = {39'000},
                              .price_per_minute = {17'000},
                              .initial_increment = seconds{30},
                              .next_increment = seconds{6},
                              .free_start = seconds{4},
                              .included = seconds{10}}));
  EXPECT_EQ(line.effective_from, sys_days(2026y / 1 / 1));
  EXPECT_EQ(line.effective_until, sys_days(2026y / 7 / 1) + 12h + 30min);
}

TEST(RateDeckCsv, DefaultsAndAnyOrderAndByteOrderMark) {
  const auto deck =
      parse_deck("\xef\xbb\xbfprice_per_minute,destination,prefix\n0.02,Spain,34\n\n0.03,Spain mobile,346");
  ASSERT_TRUE(deck.problems.empty()) << deck.problems[0].text;
  ASSERT_EQ(deck.lines.size(), 2U);
  EXPECT_EQ(deck.lines[1].terms,
            (rate{.prefix = "346", .destination = "Spain mobile", .price_per_minute = {30'000}}));
  EXPECT_FALSE(deck.lines[0].effective_from || deck.lines[0].effective_until);
}

TEST(RateDeckCsv, EveryProblemHasItsLine) {
  struct row {
    const char* name;
    std::string csv;
    std::size_t line;
    const char* column;
  };
  const row rows[] = {
      {"empty", "", 1, ""},
      {"header only", header, 1, ""},
      {"missing column", "prefix,destination\n44,UK\n", 1, "price_per_minute"},
      {"unknown column", "prefix,destination,price_per_minute,colour\n44,UK,1,red\n", 1, "colour"},
      {"doubled column", "prefix,prefix,destination,price_per_minute\n44,44,UK,1\n", 1, "prefix"},
      {"too few fields", header + "44,UK\n", 2, ""},
      {"too many fields", header + "44,UK,1,\n", 2, ""},
      {"prefix with plus", header + "+44,UK,1\n", 2, "prefix"},
      {"long prefix", header + "1234567890123456,UK,1\n", 2, "prefix"},
      {"no prefix", header + ",UK,1\n", 2, "prefix"},
      {"no destination", header + "44,,1\n", 2, "destination"},
      {"no price", header + "44,UK,\n", 2, "price_per_minute"},
      {"negative price", header + "44,UK,-1\n", 2, "price_per_minute"},
      {"seven decimals", header + "44,UK,0.0000001\n", 2, "price_per_minute"},
      {"absurd price", header + "44,UK,1000001\n", 2, "price_per_minute"},
      {"open quote", header + "44,\"UK,1\n", 2, ""},
      {"text behind a quote", header + "44,\"UK\"x,1\n", 2, ""},
      {"stray quote", header + "44,U\"K,1\n", 2, ""},
      {"not UTF-8", header + "44,\xff,1\n", 2, ""},
      {"NUL", header + std::string("44,U\0K,1\n", 9), 2, ""},
      {"increment 0", "prefix,destination,price_per_minute,next_increment_s\n44,UK,1,0\n", 2,
       "next_increment_s"},
      {"increment text", "prefix,destination,price_per_minute,next_increment_s\n44,UK,1,6s\n", 2,
       "next_increment_s"},
      {"no such day", "prefix,destination,price_per_minute,effective_from\n44,UK,1,2026-02-30\n", 2,
       "effective_from"},
      {"ends first",
       "prefix,destination,price_per_minute,effective_from,effective_until\n44,UK,1,2026-02-02,2026-02-01\n",
       2, "effective_until"},
      {"same prefix twice", header + "44,UK,1\n33,France,1\n44,UK,2\n", 4, "prefix"},
      {"overlap in time",
       "prefix,destination,price_per_minute,effective_from,effective_until\n44,UK,1,2026-01-01,2026-03-"
       "01\n44,UK,1,2026-02-01,\n",
       3, "prefix"},
  };
  for (const auto& row : rows) {
    const auto deck = parse_deck(row.csv);
    ASSERT_EQ(deck.problems.size(), 1U) << row.name;
    EXPECT_EQ(deck.problems[0].line, row.line) << row.name;
    EXPECT_EQ(deck.problems[0].column, row.column) << row.name;
    EXPECT_FALSE(deck.problems[0].text.empty()) << row.name;
  }
}

TEST(RateDeckCsv, AQuotedFieldMayGoOverLinesAndMistakesBehindItKeepTheirLines) {
  const auto deck = parse_deck(header + "44,\"United\r\nKingdom\",1\r\n33,\"a \"\"q\"\"\n\nb\",2\nx,Nowhere,1\n" +
                               "34,\"never closed,1\n35,Italy,1\n");
  ASSERT_EQ(deck.lines.size(), 3U);
  EXPECT_EQ(deck.lines[0].terms.destination, "United Kingdom");
  EXPECT_EQ(deck.lines[1].terms.destination, "a \"q\"  b");
  EXPECT_EQ(deck.lines[2].terms.prefix, "35");
  ASSERT_EQ(deck.problems.size(), 2U);
  EXPECT_EQ(deck.problems[0].line, 7U);
  EXPECT_EQ(deck.problems[1].line, 8U);
  EXPECT_EQ(deck.problems[1].text, "a quote is not closed");
}

TEST(RateDeckCsv, DialectsAndNamesAreUnderstood) {
  const rate wanted{.prefix = "44",
                    .destination = "UK, all",
                    .connection_fee = {39'000},
                    .price_per_minute = {17'000},
                    .initial_increment = seconds{30},
                    .free_start = seconds{4}};
  for (const std::string csv :
       {"Prefix;Region;Price per minute;Setup fee;Initial increment;Free start\n44;UK, "
        "all;0,017;0,039;30;4\n",
        "code\tname\trate\tconnection-fee\tinitial_increment_s\tfree_start_seconds\n44\tUK, "
        "all\t0.017\t0.039\t30\t4\n",
        "prefix|destination|price_per_minute_micros|connection_fee_micros|initial_increment|free_start\n"
        "44|UK, all|17000|39000|30|4\n",
        "prefix,destination,price,setup_fee,initial_increment,free_start\n44,\"UK, "
        "all\",\"0,017\",\"0,039\",30,4\n"}) {
    const auto deck = parse_deck(csv);
    ASSERT_TRUE(deck.problems.empty()) << csv << deck.problems[0].text;
    EXPECT_EQ(deck.lines.at(0).terms, wanted) << csv;
  }
}

TEST(RateDeckCsv, BadInputIsRefusedWithItsLine) {
  struct row {
    const char* line;
    const char* column;
  };
  for (const auto& [line, column] :
       {row{"44;UK;NaN;;;", "price_per_minute"}, row{"44;UK;inf;;;", "price_per_minute"},
        row{"44;UK;1e3;;;", "price_per_minute"},
        row{"44;UK;1.5;;;", "price_per_minute"},  // others have commas
        row{"44;UK;1,2,3;;;", "price_per_minute"}, row{"44;UK;1;-6;;", "initial_increment"},
        row{"44;UK;1;3601;;", "initial_increment"}, row{"44a;UK;1;;;", "prefix"},
        row{"4412345678901234567890123456789012345678;UK;1;;;", "prefix"},
        row{"44;UK;1;;2026-13-01;", "valid_from"}, row{"44;UK;1;;2026-02-02;2026-02-02", "valid_until"}}) {
    const auto deck = parse_deck(
        std::string("prefix;region;price;initial_increment;valid_from;valid_until\n33;France;0,02;;;\n") +
        line + "\n");
    ASSERT_EQ(deck.problems.size(), 1U) << line;
    EXPECT_EQ(deck.problems[0].line, 3U) << line;
    EXPECT_TRUE(deck.problems[0].column.starts_with(std::string(column).substr(0, 5)) ||
                deck.problems[0].column.starts_with("effective"))
        << line << " " << deck.problems[0].column;
    EXPECT_EQ(deck.lines.size(), 1U) << line;
  }
  EXPECT_EQ(parse_deck("prefix,destination,price_per_minute_micros\n44,UK,0.5\n").problems.size(), 1U);
  EXPECT_EQ(parse_deck("prefix,region,destination,rate\n44,UK,UK,1\n").problems[0].column, "destination");
}

TEST(RateDeckCsv, OverlapsAreListedBesideTheProblems) {
  const auto deck = parse_deck(header + "44,UK,1\n33,France,1\n44,UK,2\n");
  ASSERT_EQ(deck.overlaps.size(), 1U);
  EXPECT_EQ(deck.overlaps[0].prefix, "44");
  EXPECT_EQ(deck.overlaps[0].line, 4U);
  EXPECT_EQ(deck.overlaps[0].other_line, 2U);
}

// The first lasts throughout: each of the others overlaps it, not only its neighbour.
TEST(RateDeckCsv, EveryLineWithinALongerOneOverlapsIt) {
  const auto deck = parse_deck(
      "prefix,destination,price,effective_from,effective_until\n"
      "44,UK,1,2026-01-01,2026-12-31\n"
      "44,UK,2,2026-02-01,2026-03-01\n"
      "44,UK,3,2026-04-01,2026-05-01\n"
      "44,UK,4,2026-12-31,\n");
  ASSERT_EQ(deck.overlap_count, 2U);
  EXPECT_EQ(deck.overlaps[0].line, 3U);
  EXPECT_EQ(deck.overlaps[1].line, 4U);
  EXPECT_EQ(deck.overlaps[1].other_line, 2U);
  EXPECT_EQ(deck.problem_count, 2U);
}

TEST(RateDeckCsv, AllProblemsAreListedInOrderAndBounded) {
  const auto deck = parse_deck(header + "x,UK,1\n44,,y\n1,US,1\n");
  ASSERT_EQ(deck.problems.size(), 3U);
  EXPECT_EQ(deck.problems[0].line, 2U);
  EXPECT_EQ(deck.problems[1].column, "destination");
  EXPECT_EQ(deck.problems[2].column, "price_per_minute");
  auto bad = header;
  constexpr std::size_t many = max_deck_problems + 2'000;
  for (std::size_t i = 0; i < many; ++i)
    bad += "x,UK,1\n";
  const auto worst = parse_deck(bad);
  EXPECT_EQ(worst.problems.size(), max_deck_problems);
  EXPECT_EQ(worst.problem_count, many);
  EXPECT_EQ(worst.problems.back().line, max_deck_problems + 1);
  EXPECT_EQ(parse_deck(header + std::string(5000, '4')).problems.size(), 1U);
}

TEST(RateDeckCsv, ConsecutiveTimesOfOnePrefixAreFine) {
  const auto deck = parse_deck(
      "prefix,destination,price_per_minute,effective_from,effective_until\n44,UK,2,2026-02-01,\n44,UK,1,,"
      "2026-02-01\n");
  EXPECT_TRUE(deck.problems.empty());
}

}  // namespace
}  // namespace tollgate::billing
