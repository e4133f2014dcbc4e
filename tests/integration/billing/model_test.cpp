// SPDX-License-Identifier: Apache-2.0
// Histories of random steps by three clients at once on one account, each client with its own connection:
// some order of the steps must explain, by the oracle, every answer and what is left (linearizability). Some
// hundreds as a test; all by hand:
//   TOLLGATE_HISTORIES=10000 [TOLLGATE_SEED=1] integration_billing --gtest_filter=Model.*
#include <array>
#include <atomic>
#include <boost/uuid/uuid_io.hpp>
#include <cstdlib>
#include <iostream>
#include <latch>
#include <random>
#include <thread>

#include "billing/credit.hpp"
#include "fixture.hpp"
#include "oracle.hpp"

namespace tollgate::billing {
namespace {

using oracle::answer;
using oracle::kind;
using oracle::operation;

constexpr std::size_t clients = 3;
constexpr int steps_a_client = 4;
constexpr int calls = 3;
constexpr std::uint32_t groups = 2;  // of clients that run histories side by side
constexpr std::uint32_t ids_a_history = 16;

std::uint32_t from_environment(const char* name, std::uint32_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

std::string text_of(hold_status status) {
  switch (status) {
    case hold_status::opened:
      return "opened";
    case hold_status::repeated:
      return "repeated";
    case hold_status::insufficient_credit:
      return "insufficient_credit";
    case hold_status::already_settled:
      return "already_settled";
    case hold_status::account_blocked:
    case hold_status::wrong_currency:
    case hold_status::fraud_limit:
    case hold_status::callee_limit:
    case hold_status::no_account:
      break;
  }
  return "unexpected";
}

std::string text_of(extend_status status) {
  switch (status) {
    case extend_status::extended:
      return "extended";
    case extend_status::repeated:
      return "repeated";
    case extend_status::final_unit:
      return "final_unit";
    case extend_status::no_hold:
      return "no_hold";
    case extend_status::fraud_limit:
      break;
  }
  return "unexpected";
}

std::string text_of(settle_status status) {
  switch (status) {
    case settle_status::settled:
      return "settled";
    case settle_status::repeated:
      return "repeated";
    case settle_status::corrected:
      return "corrected";
    case settle_status::unknown_call:
      return "unknown_call";
  }
  return "unexpected";
}

std::string text_of(const boost::system::error_code& why) {
  if (why == error::no_payment) return "no_payment";
  if (why == error::refund_exceeds_payment) return "exceeds";
  if (why == error::insufficient_credit) return "insufficient_credit";
  return "conflict";
}

struct history {
  explicit history(std::uint32_t n, std::uint32_t seed) : number(n), random(seed) {
    start.rate = {.fee = pick(2) * 5'000,
                  .per_minute = 1 + pick(60'000),
                  .initial_s = 1 + static_cast<int>(pick(60)),
                  .next_s = 1 + static_cast<int>(pick(30)),
                  .free_start_s = static_cast<int>(pick(3)) * 5,
                  .included_s = static_cast<int>(pick(3)) * 10};
    for (auto& plan : plans)
      for (int i = 0; i < steps_a_client; ++i)
        plan.push_back(random_operation());
  }

  std::int64_t pick(std::uint32_t below) { return random() % below; }
  uuid account() const { return account_id(100 + number); }
  uuid call(int of) const { return call_id(number * ids_a_history + static_cast<std::uint32_t>(of)); }
  std::string id(const char* what, int of) const {
    return what + std::to_string(number) + "-" + std::to_string(of);
  }

  operation random_operation() {
    const auto what = pick(20);
    operation one{.call = 1 + static_cast<int>(pick(calls)),
                  .request = 1 + static_cast<int>(pick(3)),
                  .amount = 1 + pick(40'000),
                  .used_ms = pick(120'000)};
    one.what = what < 6    ? kind::open
               : what < 10 ? kind::extend
               : what < 11 ? kind::report
               : what < 15 ? kind::settle
               : what < 17 ? kind::abandon
               : what < 18 ? kind::pay
               : what < 19 ? kind::refund
                           : kind::give;
    if (one.what == kind::pay || one.what == kind::give || one.what == kind::refund) {
      one.call = 1 + static_cast<int>(pick(2));
      one.amount = 10'000 * (1 + pick(2));  // the same and another
    }
    return one;
  }

  std::uint32_t number;
  std::mt19937 random;
  oracle::account start;
  std::array<std::vector<operation>, clients> plans;
};

class client {
 public:
  explicit client(const std::string& database) : connection_(database) {}

  answer perform(const history& of, const operation& asked) {
    pqxx::work tx(connection_);
    auto given = ask(tx, of, asked);
    tx.commit();
    return given;
  }

  // What the database has of the account, in the oracle's words.
  oracle::account state_of(const history& of) {
    oracle::account now;
    pqxx::work tx(connection_);
    const auto id = boost::uuids::to_string(of.account());
    const auto number_of = [&](const pqxx::field& call) {
      for (int i = 1; i <= calls; ++i)
        if (boost::uuids::to_string(of.call(i)) == call.c_str()) return i;
      return 0;
    };
    const auto balance = find_balance(tx, of.account()).value();
    now.posted = balance.posted.micros;
    now.entries =
        tx.exec_params1("SELECT count(*) FROM billing.entry WHERE account_id = $1", id)[0].as<int>();
    for (const auto& row : tx.exec_params(
             "SELECT call_id, amount_micros, request_number, used_s FROM billing.hold WHERE account_id = $1",
             id))
      now.holds[number_of(row[0])] = {row[1].as<std::int64_t>(), row[2].as<int>(), row[3].as<std::int64_t>()};
    for (const auto& row : tx.exec_params("SELECT call_id, settled_by, held_micros, charged_micros, billed_s "
                                          "FROM billing.cdr WHERE account_id = $1",
                                          id))
      now.records[number_of(row[0])] = {row[1].c_str(), row[2].as<std::int64_t>(), row[3].as<std::int64_t>(),
                                        row[4].as<std::int64_t>()};
    EXPECT_EQ(balance.held.micros, now.held());
    return now;
  }

 private:
  static answer ask(pqxx::work& tx, const history& of, const operation& asked) {
    switch (asked.what) {
      case kind::open:
        return open(tx, of, asked);
      case kind::extend: {
        const extend_request request{.account_id = of.account(),
                                     .call_id = of.call(asked.call),
                                     .request_number = asked.request,
                                     .used = seconds{asked.used_ms / 1000},
                                     .more = {asked.amount}};
        const auto given =
            asked.amount % 2 == 0 ? extend_hold(tx, request) : extend_guarded_hold(tx, request);
        return {text_of(given.status), given.total.micros, given.available.micros};
      }
      case kind::report: {
        const usage one{of.account(), of.call(asked.call), seconds{asked.used_ms / 1000}};
        const auto given = report_usage(tx, instance_id(), {&one, 1}, seconds{30});
        return {given.renewed == 1 ? "renewed" : given.without_hold.empty() ? "skipped" : "without_hold"};
      }
      case kind::settle: {
        auto record = stop_of(1, milliseconds{asked.used_ms});
        record.account_id = of.account();
        record.call_id = of.call(asked.call);
        const auto given = settle(tx, record);
        return {text_of(given.status), given.charged.micros, given.balance_after.micros};
      }
      case kind::abandon: {  // as the reaper does it, for this call alone
        const auto account = boost::uuids::to_string(of.account());
        const auto call = boost::uuids::to_string(of.call(asked.call));
        tx.exec_params("SELECT FROM billing.account WHERE account_id = $1 FOR NO KEY UPDATE", account);
        tx.exec_params("SELECT FROM billing.hold WHERE account_id = $1 AND call_id = $2 FOR UPDATE", account,
                       call);
        tx.exec_params(
            "SELECT billing.settle_provisionally(h) FROM billing.hold h WHERE account_id = $1 AND call_id = "
            "$2",
            account, call);
        return {"done"};
      }
      case kind::pay:
      case kind::refund:
      case kind::give:
        return move_credit(tx, of, asked);
    }
    return {};
  }

  static answer open(pqxx::work& tx, const history& of, const operation& asked) {
    const auto& rate = of.start.rate;
    auto request = hold_for(1, {asked.amount},
                            {.rate_id = 7,
                             .prefix = "44",
                             .destination = "United Kingdom",
                             .connection_fee = {rate.fee},
                             .price_per_minute = {rate.per_minute},
                             .initial_increment = seconds{rate.initial_s},
                             .next_increment = seconds{rate.next_s},
                             .free_start = seconds{rate.free_start_s},
                             .included = seconds{rate.included_s}});
    request.account_id = of.account();
    request.call_id = of.call(asked.call);
    const auto given = asked.amount % 2 == 0 ? open_hold(tx, request) : open_guarded_hold(tx, request);
    return {text_of(given.status), given.granted.micros, given.available.micros};
  }

  static answer move_credit(pqxx::work& tx, const history& of, const operation& asked) {
    const auto told = [](const auto& given, const char* done) {
      return given ? answer{given->repeated ? "repeated" : done, given->balance_after.micros}
                   : answer{text_of(given.error())};
    };
    if (asked.what == kind::refund)
      return told(refund_payment(tx, {.refund_id = of.id("r", asked.request),
                                      .payment_id = of.id("p", asked.call),
                                      .amount = {asked.amount}}),
                  "refunded");
    if (asked.what == kind::give)
      return told(adjust(tx, {.account_id = of.account(),
                              .kind = adjustment_kind::goodwill,
                              .amount = {asked.amount},
                              .reference = of.id("g", asked.call),
                              .note = "model",
                              .now = std::chrono::system_clock::now()}),
                  "posted");
    const auto given = top_up(
        tx, {.account_id = of.account(), .amount = {asked.amount}, .payment_id = of.id("p", asked.call)},
        {1});
    if (!given) return {text_of(given.error())};
    return {given->status == top_up_status::repeated ? "repeated" : "credited", given->balance_after.micros};
  }

  pqxx::connection connection_;
};

class Model : public billing_test {};

// One history, start to end; what is wrong with it, or nothing.
std::string run_one(history& of, std::array<client, clients>& by) {
  auto& first = by[0];
  const operation credit{.what = kind::pay, .call = 0, .amount = 1 + of.pick(90'000)};
  if (first.perform(of, credit) != of.start.apply(credit, {})) return "the first payment";
  std::vector<std::vector<oracle::step>> taken(clients);
  std::latch together(clients);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < clients; ++i)
    threads.emplace_back([&, i] {
      together.arrive_and_wait();
      for (const auto& asked : of.plans[i])
        taken[i].push_back({asked, by[i].perform(of, asked)});
    });
  for (auto& thread : threads)
    thread.join();
  if (oracle::explains(of.start, taken, first.state_of(of))) return "";
  std::string what = "no order of these steps explains their answers and what is left:\n";
  for (std::size_t i = 0; i < clients; ++i)
    for (const auto& one : taken[i])
      what += "  client " + std::to_string(i) + ": " + to_string(one.asked) + " -> " + to_string(one.given) +
              "\n";
  return what;
}

TEST_F(Model, EveryHistoryHasAnOrderThatExplainsIt) {
  const auto histories = from_environment("TOLLGATE_HISTORIES", 300);
  const auto seed = from_environment("TOLLGATE_SEED", std::random_device{}());
  std::cout << histories << " histories, TOLLGATE_SEED=" << seed << std::endl;
  execute("UPDATE billing.fraud_limit SET action = 'event'");
  std::atomic<std::uint32_t> done{0}, wrong{0};
  std::vector<std::thread> threads;
  for (std::uint32_t group = 0; group < groups; ++group)
    threads.emplace_back([&, group] {
      std::array<client, clients> by{client(database()), client(database()), client(database())};
      pqxx::connection maker(database());
      for (std::uint32_t n = group; n < histories && wrong == 0; n += groups) {
        history one(n, seed + n);
        pqxx::work tx(maker);
        create_account(tx, one.account(), "EUR", "DE").value();
        tx.commit();
        if (const auto what = run_one(one, by); !what.empty()) {
          ++wrong;
          ADD_FAILURE() << "history " << n << " of TOLLGATE_SEED=" << seed << ": " << what;
        }
        ++done;
      }
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(done, histories);
}

TEST(Oracle, RefusesWhatNoOrderExplains) {
  oracle::account before;
  before.rate = {.per_minute = 60'000, .initial_s = 1, .next_s = 1};
  before.posted = 10'000;
  oracle::account after = before;
  const operation open{.what = kind::open, .call = 1, .amount = 10'000};
  const operation other{.what = kind::open, .call = 2, .amount = 10'000};
  const auto first = after.apply(open, {});
  EXPECT_EQ(first, (answer{"opened", 10'000, 0}));
  const auto second = after.apply(other, {});
  EXPECT_EQ(second, (answer{"insufficient_credit", 0, 0}));
  EXPECT_TRUE(oracle::explains(before, {{{open, first}}, {{other, second}}}, after));
  EXPECT_TRUE(oracle::explains(before, {{{other, second}}, {{open, first}}}, after)) << "in the other order";
  EXPECT_FALSE(oracle::explains(before, {{{open, first}}, {{other, first}}}, after))
      << "both granted: overdrawn";
  EXPECT_FALSE(oracle::explains(before, {{{open, first}}, {{other, second}}}, before)) << "nothing was left";
}

}  // namespace
}  // namespace tollgate::billing
