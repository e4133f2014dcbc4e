// SPDX-License-Identifier: Apache-2.0
// How long after its commit a new version of a deck is in force on two nodes (the gateway's own listener,
// pool and tariff, each with a signalling thread of its own), and what the signalling threads, which all
// calls share, notice of it. Prints one JSON object.
#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdio>
#include <future>
#include <iostream>
#include <optional>
#include <pqxx/connection>
#include <pqxx/transaction>
#include <string>
#include <thread>
#include <vector>

#include "billing/rate_deck.hpp"
#include "gateway/change_listener.hpp"
#include "gateway/tariff.hpp"
#include "tests/support/postgres/server.hpp"

namespace {

using namespace tollgate;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr int prefixes = 300'000;
constexpr int rounds = 7;

double ms_since(steady::time_point begun) {
  return std::chrono::duration<double, std::milli>(steady::now() - begun).count();
}

class node {
 public:
  explicit node(const std::string& url)
      : database_({.url = url, .pool_size = 2}),
        trunks_(clocks_, {}),
        tariff_(database_, trunks_, clocks_, {"default", {}}),
        thread_([this] { context_.run(); }),
        listener_(std::in_place, url, [this](gateway::change what, const std::string&) {
          if (what == gateway::change::rates || what == gateway::change::everything)
            boost::asio::co_spawn(context_, tariff_.refresh_rates(), boost::asio::detached);
        }) {}
  ~node() {
    listener_.reset();
    database_.stop();
    work_.reset();
    thread_.join();
  }

  // As a call asks it, on the signalling thread. Notes how long the question had to wait for its turn there.
  std::int64_t price() {
    std::promise<std::int64_t> answer;
    const auto asked = steady::now();
    boost::asio::post(context_, [&] {
      const double waited = ms_since(asked);
      longest_wait_ms_ = std::max(longest_wait_ms_.load(), waited);
      const auto chain = tariff_.rates({"default"});
      const auto* found = chain->find("44" + std::to_string(prefixes / 2 + 1'000'000));
      answer.set_value(found == nullptr ? -1 : found->price_per_minute.micros);
    });
    return answer.get_future().get();
  }
  double take_longest_wait_ms() { return longest_wait_ms_.exchange(0); }

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
      boost::asio::make_work_guard(context_);
  gateway::call::clocks clocks_{[] { return steady::now(); },
                                [] { return std::chrono::system_clock::now(); }};
  gateway::db::database database_;
  gateway::call::trunk_directory trunks_;
  gateway::tariff tariff_;
  std::atomic<double> longest_wait_ms_ = 0;
  std::thread thread_;
  std::optional<gateway::change_listener> listener_;
};

std::string deck_of(int price) {
  std::string csv = "prefix,destination,price_per_minute_micros\n";
  for (int i = 0; i < prefixes; ++i)
    csv += "44" + std::to_string(1'000'000 + i) + ",Destination " + std::to_string(i) + "," +
           std::to_string(price) + "\n";
  return csv;
}

std::string json_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return "{\"median\": " + std::to_string(values[values.size() / 2]) +
         ", \"worst\": " + std::to_string(values.back()) + "}";
}

void run() {
  tests::postgres_server server({.fsync = true, .settings = {"shared_buffers=256MB", "max_wal_size=4GB"}});
  const auto url = server.fresh_database();
  node one(url), two(url);
  std::vector<double> in_force, waited;
  for (int price = 1; price <= rounds; ++price) {
    const auto csv = deck_of(price);
    pqxx::connection connection(url);
    pqxx::work tx(connection);
    const auto report =
        billing::import_deck(tx, {.csv = csv, .effective_from = std::chrono::system_clock::now()});
    if (report.result != billing::deck_import_report::outcome::imported)
      throw std::runtime_error("the deck was refused");
    tx.commit();
    const auto committed = steady::now();
    for (node* each : {&one, &two})
      each->take_longest_wait_ms();
    while (one.price() != price || two.price() != price) {
      if (ms_since(committed) > 60'000) throw std::runtime_error("a node did not hear of the new rates");
      std::this_thread::sleep_for(1ms);
    }
    const double took = ms_since(committed);
    for (const auto end = steady::now() + 1s; steady::now() < end; std::this_thread::sleep_for(1ms)) {
      one.price();
      two.price();
    }
    if (price == 1) continue;  // from nothing
    in_force.push_back(took);
    waited.push_back(std::max(one.take_longest_wait_ms(), two.take_longest_wait_ms()));
  }
  std::cout << "{\"reload_ms\": " << json_of(in_force)
            << ", \"reload_nodes\": 2, \"reload_prefixes\": " << prefixes
            << ", \"signalling_wait_ms\": " << json_of(waited) << "}\n";
}

}  // namespace

int main() {
  try {
    run();
  } catch (const std::exception& e) {
    std::cerr << "bench_billing_reload: " << e.what() << '\n';
    return 1;
  }
  return 0;
}
