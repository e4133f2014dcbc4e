// SPDX-License-Identifier: Apache-2.0
// Two nodes over one PostgreSQL: what is changed by anybody reaches both, also after the server was away, and
// no call loses the rate that it began with.
#include "gateway/tariff.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <pqxx/connection>
#include <pqxx/transaction>
#include <thread>

#include "gateway/change_listener.hpp"
#include "tests/support/postgres/fixture.hpp"

namespace tollgate::gateway {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto patience = 60s;  // a limit for a broken test, no requirement

class node {
 public:
  explicit node(const std::string& url)
      : database_({.url = url, .pool_size = 1}),
        trunks_(clocks_, {}),
        tariff_(database_, trunks_, clocks_, {"default", {{"USD", "dollars"}}}),
        thread_([this] { context_.run(); }),
        listener_(std::in_place, url, [this](change what, const std::string&) {
          ++heard_;
          if (what != change::trunks) asio::co_spawn(context_, tariff_.refresh_rates(), asio::detached);
        }) {}
  ~node() {
    listener_.reset();
    database_.stop();
    work_.reset();
    thread_.join();
  }

  // On the signalling thread, as calls do it.
  std::shared_ptr<const billing::rate_chain> rates(const billing::deck_choice& of) {
    std::promise<std::shared_ptr<const billing::rate_chain>> got;
    asio::post(context_, [&] { got.set_value(tariff_.rates(of)); });
    return got.get_future().get();
  }
  std::optional<billing::cost_rate> cost(const boost::uuids::uuid& carrier, const std::string& digits) {
    std::promise<std::optional<billing::cost_rate>> got;
    asio::post(context_, [&] { got.set_value(tariff_.cost(carrier, digits)); });
    return got.get_future().get();
  }
  std::int64_t price(const billing::deck_choice& of, const char* digits) {
    const auto chain = rates(of);
    const auto* found = chain->find(digits);
    return found == nullptr ? -1 : found->price_per_minute.micros;
  }
  int heard() const { return heard_; }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(context_);
  call::clocks clocks_{[] { return std::chrono::steady_clock::now(); },
                       [] { return std::chrono::system_clock::now(); }};
  db::database database_;
  call::trunk_directory trunks_;
  tariff tariff_;
  std::atomic<int> heard_ = 0;
  std::thread thread_;
  std::optional<change_listener> listener_;
};

template <class Condition>
bool comes_true(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

class Tariff : public tests::postgres_test {
 protected:
  void import(const std::string& name, const std::string& csv,
              billing::deck_kind kind = billing::deck_kind::sell, const std::string& currency = "EUR") {
    pqxx::connection connection(database());
    pqxx::work tx(connection);
    const auto report = billing::import_deck(tx, {.name = name,
                                                  .kind = kind,
                                                  .currency = currency,
                                                  .csv = csv,
                                                  .effective_from = std::chrono::system_clock::now() - 1s});
    ASSERT_EQ(report.result, billing::deck_import_report::outcome::imported);
    tx.commit();
  }
};

const std::string header = "prefix,destination,price_per_minute_micros\n";

TEST_F(Tariff, EveryNodeHearsOfAChangeAndCallsKeepTheirRate) {
  node one(database()), two(database());
  import("default", header + "44,UK,17000\n");
  for (node* each : {&one, &two})
    EXPECT_TRUE(comes_true([&] { return each->price({"default"}, "442079460958") == 17'000; }));
  const auto kept = one.rates({"default"});
  const auto* of_a_call = kept->find("442079460958");
  import("default", header + "44,UK,20000\n");
  for (node* each : {&one, &two})
    EXPECT_TRUE(comes_true([&] { return each->price({"default"}, "442079460958") == 20'000; }));
  EXPECT_EQ(of_a_call->price_per_minute.micros, 17'000);
}

TEST_F(Tariff, ATableGoesWithTheLastCallThatHasIt) {
  node one(database());
  std::vector<std::weak_ptr<const billing::rate_table>> tables;
  std::shared_ptr<const billing::rate_chain> call;  // began with the first
  for (int price = 1; price <= 5; ++price) {
    import("default", header + "44,UK," + std::to_string(price) + "\n");
    ASSERT_TRUE(comes_true([&] { return one.price({"default"}, "44") == price; }));
    const auto chain = one.rates({"default"});
    tables.emplace_back(chain->tables().front());
    if (price == 1) call = chain;
  }
  const auto gone = [&](std::size_t first, std::size_t last) {
    return std::all_of(tables.begin() + static_cast<std::ptrdiff_t>(first),
                       tables.begin() + static_cast<std::ptrdiff_t>(last),
                       [](const auto& table) { return table.expired(); });
  };
  EXPECT_TRUE(comes_true([&] { return gone(1, 4); }));
  ASSERT_FALSE(tables.front().expired());
  EXPECT_EQ(call->find("442079460958")->price_per_minute.micros, 1);
  call.reset();
  EXPECT_TRUE(comes_true([&] { return gone(0, 4); }));
  EXPECT_FALSE(tables.back().expired());
}

// The reading takes as long as it takes: until then calls have the old prices, at no moment none. By hand
// with 300,000 rates, and the time printed: TOLLGATE_DECK_RATES.
TEST_F(Tariff, CallsArePricedAllTheWhileALargeDeckIsRead) {
  const char* const wanted = std::getenv("TOLLGATE_DECK_RATES");
  const int rates = wanted != nullptr ? std::atoi(wanted) : 20'000;
  const auto deck = [&](int price) {
    std::string csv = header;
    for (int i = 0; i < rates; ++i)
      csv += std::to_string(1'000'000 + i) + ",Somewhere," + std::to_string(price) + "\n";
    return csv;
  };
  node one(database()), two(database());
  import("default", deck(1));
  import("cost", deck(1), billing::deck_kind::cost);
  for (node* each : {&one, &two})
    ASSERT_TRUE(comes_true([&] { return each->price({"default"}, "10000001") == 1; }));
  std::atomic<bool> done = false;
  int asked = 0, wrong = 0;
  std::chrono::steady_clock::duration longest{};
  std::thread calls([&] {
    for (; !done; ++asked) {
      const auto begun = std::chrono::steady_clock::now();
      const auto price = one.price({"default"}, "10000001");
      longest = std::max(longest, std::chrono::steady_clock::now() - begun);
      wrong += price != 1 && price != 2;
    }
  });
  import("default", deck(2));
  const auto changed = std::chrono::steady_clock::now();
  bool reached = true;
  for (node* each : {&one, &two})
    reached = reached && comes_true([&] { return each->price({"default"}, "10000001") == 2; });
  const auto took = std::chrono::steady_clock::now() - changed;
  done = true;
  calls.join();
  EXPECT_TRUE(reached);
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(asked, 0);
  const auto ms = [](auto time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  };
  if (wanted != nullptr)
    std::printf("%d rates reached both nodes in %lld ms; a price took %lld ms at most\n", rates,
                static_cast<long long>(ms(took)), static_cast<long long>(ms(longest)));
}

TEST_F(Tariff, AnotherDeckLeavesATableAsItWas) {
  import("default", header + "44,UK,17000\n");
  node one(database());
  ASSERT_TRUE(comes_true([&] { return one.price({"default"}, "44") == 17'000; }));
  const auto before = one.rates({"default"});
  import("gold", header + "4420,London,10000\n");
  ASSERT_TRUE(comes_true([&] { return one.price({"gold"}, "4420") == 10'000; }));
  EXPECT_EQ(before->find("44"), one.rates({"default"})->find("44"));  // the very same row in memory
  EXPECT_EQ(one.price({"gold"}, "447"), 17'000);  // the default deck stands behind the plan
  EXPECT_EQ(one.price({"default", "gold"}, "44209"), 10'000);
  EXPECT_EQ(one.price({"none"}, "44"), 17'000);
  EXPECT_EQ(one.price({"none"}, "33"), -1);
}

TEST_F(Tariff, EachCurrencyHasItsOwnDeckBehind) {
  import("default", header + "44,UK,17000\n33,France,17000\n");
  import("dollars", header + "44,UK,19000\n1,USA,9000\n", billing::deck_kind::sell, "USD");
  import("gold-usd", header + "44,UK,11000\n", billing::deck_kind::sell, "USD");
  node one(database());
  ASSERT_TRUE(comes_true([&] { return one.price({"gold-usd"}, "44") == 11'000; }));
  EXPECT_EQ(one.price({"gold-usd"}, "1650"), 9'000);
  EXPECT_EQ(one.price({"gold-usd"}, "33"), -1);  // priced in euros only
  EXPECT_EQ(one.price({"dollars"}, "44"), 19'000);
  EXPECT_EQ(one.rates({"dollars"})->currency(), "USD");
  EXPECT_EQ(one.price({"default"}, "44"), 17'000);
  EXPECT_EQ(one.price({"default"}, "1650"), -1);
}

TEST_F(Tariff, CarriersCostsAreHeardOf) {
  node one(database());
  import("acme-cost", header + "44,UK,5000\n", billing::deck_kind::cost);
  const boost::uuids::uuid carrier{{1}};
  EXPECT_FALSE(one.cost(carrier, "44"));
  {
    pqxx::connection connection(database());
    pqxx::work tx(connection);
    ASSERT_TRUE(billing::set_carrier_deck(tx, carrier, "acme-cost"));
    tx.commit();
  }
  ASSERT_TRUE(comes_true([&] { return one.cost(carrier, "442079460958").has_value(); }));
  EXPECT_EQ(one.cost(carrier, "44")->terms.price_per_minute.micros, 5'000);
  EXPECT_EQ(one.cost(carrier, "44")->deck, "acme-cost");
  EXPECT_FALSE(one.cost(carrier, "33"));
}

TEST_F(Tariff, WhatChangedWhileTheServerWasAwayIsRead) {
  node one(database());
  import("default", header + "44,UK,17000\n");
  ASSERT_TRUE(comes_true([&] { return one.price({"default"}, "44") == 17'000; }));
  const int before = one.heard();
  server().stop();
  EXPECT_EQ(one.price({"default"}, "44"), 17'000);  // goes on with what it has
  server().start();
  ASSERT_TRUE(comes_true([&] { return one.heard() > before; }));  // connected anew
  import("default", header + "44,UK,20000\n");
  EXPECT_TRUE(comes_true([&] { return one.price({"default"}, "44") == 20'000; }));
}

}  // namespace
}  // namespace tollgate::gateway
