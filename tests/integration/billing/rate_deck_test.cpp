// SPDX-License-Identifier: Apache-2.0
// Decks in the database: versions, immutability, effective times, all or nothing.
#include "billing/rate_deck.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <pqxx/notification>
#include <pqxx/stream_to>
#include <random>
#include <set>
#include <thread>

#include "billing/text.hpp"
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

// What counts is what would be in force, not what was imported last.
TEST_F(RateDeck, TheSameDeckIsImportedAgainWhereAnotherOneWouldBeInForce) {
  const std::string other = "prefix,destination,price_per_minute\n44,UK,0.02\n";
  import(small_deck, day_1);
  import(other, day_3);
  EXPECT_EQ(import(other, day_2).result, outcome::imported) << "brought forward";
  EXPECT_EQ(price_of(day_2, "44"), 20'000);
  EXPECT_EQ(import(other, day_3).result, outcome::unchanged);
  EXPECT_EQ(import(small_deck, day_1).result, outcome::unchanged);
  EXPECT_EQ(import(small_deck, day_1).version, 1);
  EXPECT_EQ(import(small_deck, day_3, true).result, outcome::checked);
  EXPECT_EQ(import(small_deck, day_3).version, 4) << "takes the one that was to come back";
  EXPECT_EQ(price_of(day_2, "44"), 20'000);
  EXPECT_EQ(price_of(day_3, "44"), 17'000);
}

// What was charged by a version in force must stay explicable by it.
TEST_F(RateDeck, NoVersionReachesIntoThePast) {
  const auto import_at = [&](const std::string& csv, wall_time from, wall_time now, bool dry_run = false) {
    return step([&](auto& tx) {
      return import_deck(tx, {.csv = csv, .effective_from = from, .now = now, .dry_run = dry_run});
    });
  };
  const std::string dearer = "prefix,destination,price_per_minute\n44,UK,0.02\n";
  EXPECT_EQ(import_at(small_deck, day_1, day_2).result, outcome::imported) << "the first has no past";
  for (const bool dry_run : {true, false}) {
    const auto late = import_at(dearer, day_2 - 1h, day_2, dry_run);
    EXPECT_EQ(late.result, outcome::refused);
    ASSERT_EQ(late.problems.size(), 1U);
    EXPECT_EQ(late.problems[0].column, "effective_from");
  }
  EXPECT_EQ(count("billing.deck_version"), 1);
  EXPECT_EQ(import_at(dearer, day_2 - 1min, day_2).result, outcome::imported) << "by another clock";
  EXPECT_EQ(price_of(day_2 - 1s, "44"), 17'000);
  EXPECT_EQ(price_of(day_2, "44"), 20'000);
  EXPECT_EQ(import_at(small_deck, day_3, day_2).result, outcome::imported);
}

TEST_F(RateDeck, BadDeckLeavesNothing) {
  const auto report = import(small_deck + "x,nowhere,1\n33,,y\n");
  EXPECT_EQ(report.result, outcome::refused);
  EXPECT_EQ(report.problems.size(), 3U);
  EXPECT_EQ(report.problem_count, 3U);
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

// A deck of random rates, and the same as somebody's CSV: with their delimiter, decimal sign, names, order of
// columns and line ends, or in micro-units.
class random_deck {
 public:
  explicit random_deck(unsigned seed) : random_(seed) {
    std::set<std::string> prefixes;
    while (prefixes.size() < 100)
      prefixes.insert(digits(static_cast<std::size_t>(below(15)) + 1));
    for (const auto& prefix : prefixes) {
      std::optional<wall_time> from;
      for (int times = below(3); times >= 0; --times) {  // one after the other, with or without a gap
        auto line = random_line(prefix);
        line.effective_from = from;
        if (times > 0) {
          line.effective_until = from.value_or(day_1) + std::chrono::microseconds(1 + below(1'000'000'000));
          from = *line.effective_until + std::chrono::seconds(below(2));
        }
        lines_.push_back(line);
      }
    }
  }
  const std::vector<deck_line>& lines() const { return lines_; }

  std::string csv() {
    const std::string delimiter(1, ",;\t|"[below(4)]);
    const bool comma = below(2) == 0, micros = below(2) == 0, windows = below(2) == 0;
    const auto price = [&](money amount) {
      if (micros) return std::to_string(amount.micros);
      auto text = to_string(amount);
      if (comma) text[text.find('.')] = ',';
      return text;
    };
    const auto time = [](const std::optional<wall_time>& at) { return at ? iso_time(*at) : std::string(); };
    const auto count = [](auto value) { return std::to_string(value.count()); };
    std::vector<std::pair<std::string, std::function<std::string(const deck_line&)>>> columns{
        {"Prefix", [](const auto& line) { return line.terms.prefix; }},
        {"region", [](const auto& line) { return line.terms.destination; }},
        {micros ? "price_per_minute_micros" : "Price per minute",
         [&](const auto& line) { return price(line.terms.price_per_minute); }},
        {micros ? "connection_fee_micros" : "setup-fee",
         [&](const auto& line) { return price(line.terms.connection_fee); }},
        {"initial_increment", [&](const auto& line) { return count(line.terms.initial_increment); }},
        {"next_increment_s", [&](const auto& line) { return count(line.terms.next_increment); }},
        {"free_start", [&](const auto& line) { return count(line.terms.free_start); }},
        {"included_seconds", [&](const auto& line) { return count(line.terms.included); }},
        {"valid_from", [&](const auto& line) { return time(line.effective_from); }},
        {"valid_until", [&](const auto& line) { return time(line.effective_until); }}};
    std::shuffle(columns.begin(), columns.end(), random_);
    auto order = lines_;
    std::shuffle(order.begin(), order.end(), random_);
    std::string text = below(2) == 0 ? "\xef\xbb\xbf" : "";
    const auto write = [&](std::size_t at, const std::string& field) {
      text += at > 0 ? delimiter : "";
      text +=
          field.find_first_of("\"" + delimiter) == std::string::npos && below(4) > 0 ? field : quoted(field);
    };
    for (std::size_t i = 0; i < columns.size(); ++i)
      text += (i > 0 ? delimiter : "") + columns[i].first;
    for (const auto& line : order) {
      text += windows ? "\r\n" : "\n";
      for (std::size_t i = 0; i < columns.size(); ++i)
        write(i, columns[i].second(line));
    }
    return text;
  }

 private:
  int below(int end) { return std::uniform_int_distribution<int>(0, end - 1)(random_); }
  std::string digits(std::size_t length) {
    std::string text;
    while (text.size() < length)
      text += static_cast<char>('0' + below(10));
    return text;
  }
  deck_line random_line(const std::string& prefix) {
    static constexpr std::array<const char*, 10> pieces{"a", "Z", " ", ",", ";", "\"", "|", "é", "東", "'"};
    deck_line line;
    line.terms.prefix = prefix;
    for (int length = 1 + below(12); length > 0; --length)
      line.terms.destination += pieces[static_cast<std::size_t>(below(pieces.size()))];
    const auto amount = [&] {
      return money{below(3) == 0 ? 0 : below(2) == 0 ? below(1'000'000) : max_price.micros - below(1'000)};
    };
    line.terms.price_per_minute = amount();
    line.terms.connection_fee = amount();
    line.terms.initial_increment = std::chrono::seconds(1 + below(3600));
    line.terms.next_increment = std::chrono::seconds(1 + below(3600));
    line.terms.free_start = std::chrono::seconds(below(3601));
    line.terms.included = std::chrono::seconds(below(3601));
    return line;
  }
  static std::string quoted(const std::string& field) {
    std::string out = "\"";
    for (const char c : field)
      out += c == '"' ? "\"\"" : std::string(1, c);
    return out + "\"";
  }
  std::mt19937 random_;
  std::vector<deck_line> lines_;
};

TEST_F(RateDeck, WhateverIsImportedIsExportedAgain) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    random_deck deck(seed);
    const auto csv = deck.csv();
    const auto report = import(csv, day_1 + std::chrono::hours(seed));
    ASSERT_EQ(report.result, outcome::imported) << "seed " << seed << ": " << report.problems.at(0).text;
    const auto text = step([&](auto& tx) { return export_deck(tx, "default", report.version); }).value();
    const auto again = parse_deck(text);
    ASSERT_TRUE(again.problems.empty()) << "seed " << seed << ": " << again.problems[0].text;
    ASSERT_EQ(again.lines.size(), deck.lines().size()) << "seed " << seed;
    for (std::size_t i = 0; i < again.lines.size(); ++i) {
      const auto &got = again.lines[i], &want = deck.lines()[i];
      EXPECT_EQ(got.terms, want.terms) << "seed " << seed << ", " << want.terms.prefix;
      EXPECT_EQ(got.effective_from, want.effective_from) << "seed " << seed << ", " << want.terms.prefix;
      EXPECT_EQ(got.effective_until, want.effective_until) << "seed " << seed << ", " << want.terms.prefix;
    }
    const auto copy = import(text, day_1 + std::chrono::hours(seed) + 1min);
    ASSERT_EQ(copy.result, outcome::imported);
    EXPECT_EQ(copy.difference.unchanged, 100U) << "of every prefix";
    EXPECT_EQ(step([&](auto& tx) { return export_deck(tx, "default", copy.version); }).value(), text);
  }
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

TEST_F(RateDeck, TellsWhatANewVersionChanges) {
  import(small_deck);
  const auto csv =
      "prefix;region;price\n44;UK, \"\"fixed\"\";0,017\n";  // a stray quote: refused, told all the same
  EXPECT_EQ(import(csv, day_2, true).result, outcome::refused);
  const auto report =
      import("prefix;region;price\n447;UK mobile;0,25\n33;France;0,01\n33;France;0,02\n", day_2, true);
  EXPECT_EQ(report.result, outcome::refused);
  ASSERT_EQ(report.overlaps.size(), 1U);
  EXPECT_EQ(report.difference.dearer.count, 1U);
  EXPECT_EQ(report.difference.gone.count, 1U);
  EXPECT_EQ(report.difference.fresh.count, 1U);
  const auto good = import("prefix;region;price\n447;UK mobile;0,15\n33;France;0,01\n", day_2, true);
  EXPECT_EQ(good.result, outcome::checked);
  EXPECT_EQ(good.difference.cheaper.first.at(0).prefix, "447");
  EXPECT_EQ(count("billing.deck_version"), 1);
}

TEST_F(RateDeck, CostDecksAreLinkedAndLossesAreTold) {
  import(small_deck);
  const auto cost = [&](const std::string& csv, const std::string& name = "acme") {
    return step([&](auto& tx) {
      return import_deck(tx, {.name = name, .kind = deck_kind::cost, .csv = csv, .effective_from = day_1});
    });
  };
  EXPECT_EQ(cost(small_deck, "default").result, outcome::refused);  // a deck keeps its kind
  const auto report = cost("prefix,destination,price\n44,UK,0.01\n447,UK mobile,0.3\n");
  ASSERT_EQ(report.result, outcome::imported);
  ASSERT_EQ(report.losses.count, 1U);
  EXPECT_EQ(report.losses.first[0].prefix, "447");
  EXPECT_EQ(report.losses.first[0].sell_deck, "default");
  const auto carrier = id_of(0xca, 1);
  const auto link = [&](const std::string& deck) {
    return step([&](auto& tx) { return set_carrier_deck(tx, carrier, deck); });
  };
  EXPECT_EQ(link("default").error(), error::no_deck);
  EXPECT_THROW(
      execute("INSERT INTO billing.carrier_deck VALUES ('00000000-0000-0000-0000-000000000001', 'default')"),
      pqxx::sql_error);
  EXPECT_FALSE(link("acme").has_error());
  EXPECT_EQ(step([](auto& tx) { return list_carrier_decks(tx); }).at(0).deck, "acme");
  // The other way about: a cheaper selling deck, once somebody charges us by the cost deck.
  EXPECT_EQ(import("prefix,destination,price\n44,UK,0.009\n", day_2, true).losses.count, 2U);
  EXPECT_FALSE(link("").has_error());
  EXPECT_EQ(import("prefix,destination,price\n44,UK,0.009\n", day_2, true).losses.count, 0U);
  EXPECT_THROW(execute("UPDATE billing.deck SET kind = 'cost' WHERE deck = 'default'"), pqxx::sql_error);
}

TEST_F(RateDeck, AccountsNameTheirDecks) {
  import(small_deck);
  const auto name = [&](std::optional<std::string> plan, std::optional<std::string> own) {
    return step([&](auto& tx) { return set_decks(tx, account_id(), plan, own); });
  };
  EXPECT_EQ(name("gold", std::nullopt).error(), error::no_deck);
  step([&](auto& tx) {
    return import_deck(tx,
                       {.name = "dollars", .currency = "USD", .csv = small_deck, .effective_from = day_1});
  });
  EXPECT_EQ(name(std::nullopt, "dollars").error(), error::wrong_currency);
  EXPECT_FALSE(name(std::nullopt, "default").has_error());
  EXPECT_EQ(step([](auto& tx) { return find_account(tx, account_id()); })->own_deck, "default");
  EXPECT_FALSE(name("default", "").has_error());
  EXPECT_FALSE(step([](auto& tx) { return find_account(tx, account_id()); })->own_deck);
}

TEST_F(RateDeck, ChangesAreNotified) {
  struct ear : pqxx::notification_receiver {
    explicit ear(pqxx::connection_base& c) : notification_receiver(c, "tollgate_rates") {}
    void operator()(const std::string&, int) override { ++heard; }
    int heard = 0;
  };
  pqxx::connection listening(database());
  ear listener(listening);
  import(small_deck);
  listening.await_notification(10, 0);
  EXPECT_GT(listener.heard, 0);
}

TEST_F(RateDeck, OneNumberIsPricedWithoutLoading) {
  import(small_deck);
  const auto find = [&](const char* digits, wall_time at) {
    return step([&](auto& tx) { return find_rate(tx, "default", digits, at); });
  };
  EXPECT_EQ(find("447700900123", day_1)->terms->prefix, "447");
  EXPECT_EQ(find("442079460958", day_1)->terms->prefix, "44");
  EXPECT_FALSE(find("33", day_1)->terms);
  EXPECT_EQ(find("44", day_1 - 1s).error(), error::no_deck);
}

// The table in memory against plain SQL over the same deck, a million numbers, in one pass of hash joins.
TEST_F(RateDeck, AMillionNumbersAreRatedAsSqlRatesThem) {
  std::mt19937 random(5);
  std::uniform_int_distribution<int> digit(0, 9);
  const auto digits = [&](int length) {
    std::string text;
    while (static_cast<int>(text.size()) < length)
      text += static_cast<char>('0' + digit(random));
    return text;
  };
  std::set<std::string> prefixes;
  for (int i = 0; i < 40'000; ++i)
    prefixes.insert(digits(std::uniform_int_distribution<int>(1, 7)(random)));
  std::string csv = "prefix,destination,price_per_minute_micros\n";
  for (const auto& prefix : prefixes)
    if (prefix.size() > 1 || prefix < "8") csv += prefix + ",D," + std::to_string(digit(random)) + "\n";
  ASSERT_EQ(import(csv).result, outcome::imported);
  const auto table = load(day_1);
  pqxx::work tx(*connection_);
  tx.exec("CREATE TEMP TABLE dialled (digits text, answer text) ON COMMIT DROP");
  {
    pqxx::stream_to stream(tx, "dialled", std::vector<std::string>{"digits", "answer"});
    for (int i = 0; i < 1'000'000; ++i) {
      const auto number = digits(std::uniform_int_distribution<int>(1, 15)(random));
      const auto* found = table->find(number);
      stream << std::array<std::string, 2>{number, found == nullptr ? "none" : found->prefix};
    }
    stream.complete();
  }
  std::string longest = "coalesce(";
  std::string joins;
  for (int length = 7; length >= 1; --length) {
    const auto name = "r" + std::to_string(length);
    longest += name + ".prefix, ";
    joins += " LEFT JOIN (SELECT prefix FROM billing.rate WHERE length(prefix) = " + std::to_string(length) +
             ") " + name + " ON length(digits) >= " + std::to_string(length) + " AND " + name +
             ".prefix = left(digits, " + std::to_string(length) + ")";
  }
  tx.exec("SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off");
  const auto row = tx.exec1("SELECT count(*), count(*) FILTER (WHERE answer <> " + longest +
                            "'none')), count(*) FILTER (WHERE answer <> 'none') FROM dialled" + joins);
  EXPECT_EQ(row[0].as<int>(), 1'000'000);
  EXPECT_EQ(row[1].as<int>(), 0);
  EXPECT_GT(row[2].as<int>(), 700'000);
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
