// SPDX-License-Identifier: Apache-2.0
// Decks in the database: versions, immutability, effective times, all or nothing.
#include "billing/rate_deck.hpp"

#include <thread>

#include "fixture.hpp"

namespace tollgate::billing {
namespace {

using std::chrono::sys_days;
using namespace std::chrono_literals;

using outcome = deck_import_report::outcome;

const wall_time day_1 = sys_days(2026y / 1 / 1);
const wall_time day_2 = sys_days(2026y / 1 / 2);
const wall_time day_3 = sys_days(2026y / 1 / 3);

class RateDeck : public billing_test {
 protected:
  deck_import_report import(const std::string& csv, wall_time from = day_1, bool dry_run = false,
                            const std::string& currency = "EUR") {
    return step([&](auto& tx) {
      return import_deck(tx, {.name = "default",
                              .currency = currency,
                              .csv = csv,
                              .effective_from = from,
                              .note = "test",
                              .dry_run = dry_run});
    });
  }
  boost::system::result<rate_table> load(wall_time at) {
    return step([&](auto& tx) { return load_rate_table(tx, "default", at); });
  }
  std::int64_t price_of(wall_time at, std::string_view digits) {
    const auto table = load(at);
    const auto* hit = table.has_value() ? table->find(digits) : nullptr;
    return hit == nullptr ? -1 : hit->price_per_minute.micros;
  }
  int count(const std::string& table) {
    return step([&](auto& tx) { return tx.exec1("SELECT count(*) FROM " + table)[0].template as<int>(); });
  }
};

const std::string small_deck =
    "prefix,destination,price_per_minute\n44,\"UK, \"\"fixed\"\"\",0.017\n447,UK mobile,0.2\n";

TEST_F(RateDeck, ImportsAndLoads) {
  const auto report = import(small_deck);
  EXPECT_EQ(report.result, outcome::imported);
  EXPECT_EQ(report.version, 1);
  EXPECT_EQ(report.rates, 2U);
  const auto table = load(day_1);
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->currency(), "EUR");
  EXPECT_EQ(table->size(), 2U);
  EXPECT_EQ(table->find("442079460958")->destination, "UK, \"fixed\"");
  EXPECT_GT(table->find("447700900123")->rate_id, 0);
  EXPECT_FALSE(table->valid_until());
  EXPECT_EQ(load(day_1 - 1s).error(), error::no_deck);
  EXPECT_EQ(step([&](auto& tx) { return load_rate_table(tx, "other", day_1); }).error(), error::no_deck);
}

TEST_F(RateDeck, RepeatedImportChangesNothing) {
  import(small_deck);
  const auto again = import(small_deck, day_2);
  EXPECT_EQ(again.result, outcome::unchanged);
  EXPECT_EQ(again.version, 1);
  EXPECT_EQ(count("billing.rate"), 2);
}

TEST_F(RateDeck, BadDeckLeavesNothing) {
  const auto report = import(small_deck + "x,nowhere,1\n33,,y\n");
  EXPECT_EQ(report.result, outcome::refused);
  EXPECT_EQ(report.problems.size(), 3U);
  EXPECT_EQ(count("billing.deck"), 0);
  EXPECT_EQ(count("billing.rate"), 0);
  EXPECT_EQ(import(small_deck, day_1, false, "eur").result, outcome::refused);
}

TEST_F(RateDeck, DryRunWritesNothing) {
  EXPECT_EQ(import(small_deck, day_1, true).result, outcome::checked);
  EXPECT_EQ(count("billing.deck"), 0);
  import(small_deck);
  EXPECT_EQ(import(small_deck, day_1, true).result, outcome::unchanged);
  EXPECT_EQ(import(small_deck, day_1, true, "USD").result, outcome::refused);
}

TEST_F(RateDeck, DeckKeepsItsCurrency) {
  import(small_deck);
  const auto report = import(small_deck + "33,France,0.017\n", day_2, false, "USD");
  EXPECT_EQ(report.result, outcome::refused);
  EXPECT_EQ(count("billing.deck_version"), 1);
}

TEST_F(RateDeck, NewVersionComesIntoForceAtItsTime) {
  import(small_deck, day_1);
  EXPECT_EQ(import("prefix,destination,price_per_minute\n44,UK,0.02\n", day_3).version, 2);
  EXPECT_EQ(price_of(day_2, "442079460958"), 17'000);
  EXPECT_EQ(price_of(day_2, "447700900123"), 200'000);
  EXPECT_EQ(price_of(day_3, "442079460958"), 20'000);
  EXPECT_EQ(price_of(day_3, "447700900123"), 20'000);
  EXPECT_EQ(load(day_2)->valid_until(), day_3);
  EXPECT_FALSE(load(day_3)->valid_until());
  const auto versions = step([](auto& tx) { return list_decks(tx); });
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[0].version, 2);
  EXPECT_EQ(versions[0].effective_from, day_3);
  EXPECT_EQ(versions[1].rates, 2U);
  EXPECT_EQ(versions[1].note, "test");
}

TEST_F(RateDeck, RatesHaveTimesOfTheirOwn) {
  import(
      "prefix,destination,price_per_minute,effective_from,effective_until\n44,UK,1,,2026-01-02\n44,UK,2,2026-"
      "01-02,2026-01-03\n"
      "33,France,3,,\n");
  EXPECT_EQ(price_of(day_1, "44"), 1'000'000);
  EXPECT_EQ(price_of(day_2 - 1us, "44"), 1'000'000);
  EXPECT_EQ(price_of(day_2, "44"), 2'000'000);
  EXPECT_EQ(price_of(day_3, "44"), -1);
  EXPECT_EQ(load(day_1)->valid_until(), day_2);
  EXPECT_EQ(load(day_2)->valid_until(), day_3);
  EXPECT_FALSE(load(day_3)->valid_until());
}

TEST_F(RateDeck, ImportedRatesNeverChange) {
  import(small_deck);
  for (const char* sql : {"UPDATE billing.rate SET price_per_minute_micros = 0", "DELETE FROM billing.rate",
                          "TRUNCATE billing.rate", "UPDATE billing.deck_version SET effective_from = now()",
                          "DELETE FROM billing.deck_version",
                          "INSERT INTO billing.rate SELECT 999, deck_version_id, '1', 'US', 0, 0, 60, 60, 0, "
                          "0 FROM billing.deck_version"})
    EXPECT_THROW(execute(sql), pqxx::sql_error) << sql;
}

TEST_F(RateDeck, ExportIsImportedToTheSameRates) {
  import(
      "prefix,destination,price_per_minute,connection_fee,initial_increment_s,next_increment_s,free_start_s,"
      "included_s,effective_from,"
      "effective_until\n44,\"a, "
      "\"\"b\"\"\",0.017,0.039,30,6,4,5,2026-01-01,2026-01-02T10:00:00Z\n44,c,1,,,,,,2026-01-02T10:00:00Z,"
      "\n1,d,0,,,,,,,\n");
  const auto first = step([](auto& tx) { return export_deck(tx, "default", 1); });
  const auto parsed = parse_deck(*first);
  ASSERT_TRUE(parsed.problems.empty()) << parsed.problems[0].text;
  EXPECT_EQ(parsed.lines.size(), 3U);
  EXPECT_EQ(parsed.lines[1].terms.destination, "a, \"b\"");
  EXPECT_EQ(import(*first).version, 2);
  EXPECT_EQ(*step([](auto& tx) { return export_deck(tx, "default", 2); }), *first);
  EXPECT_EQ(step([](auto& tx) { return export_deck(tx, "default", 3); }).error(), error::no_deck);
}

TEST_F(RateDeck, ManyImportsAtOnceAreNumberedOneByOne) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([this, i] {
      pqxx::connection connection(database());
      pqxx::work tx(connection);
      const auto csv = small_deck + "33,France," + std::to_string(i) + "\n";
      EXPECT_EQ(import_deck(tx, {.csv = csv, .effective_from = day_1}).result, outcome::imported);
      tx.commit();
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(step([](auto& tx) { return list_decks(tx); })[0].version, 6);
}

TEST_F(RateDeck, LargeDeckIsImportedWhole) {
  std::string csv = "prefix,destination,price_per_minute\n";
  for (int i = 0; i < 60'000; ++i)
    csv +=
        std::to_string(100'000 + i) + ",Destination " + std::to_string(i) + ",0.0" + std::to_string(i) + "\n";
  // Five digits behind "0.0": at most six places.
  const auto report = import(csv);
  ASSERT_EQ(report.result, outcome::imported) << report.problems[0].text;
  EXPECT_EQ(report.rates, 60'000U);
  EXPECT_EQ(load(day_1)->find("1599991234567")->price_per_minute.micros, 59'999);
}

}  // namespace
}  // namespace tollgate::billing
