// SPDX-License-Identifier: Apache-2.0
// The database is killed while calls run; every step is repeated with the same id until it is answered. Each
// call is billed once.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "billing/cdr_list.hpp"
#include "billing/credit.hpp"
#include "billing/voucher.hpp"
#include "fixture.hpp"

namespace tollgate::billing {
namespace {

constexpr int gateways = 6;
constexpr std::uint32_t calls_a_gateway = 60;
constexpr int crashes = 3;
constexpr auto deadline = std::chrono::minutes(2);
constexpr auto retry_interval = std::chrono::milliseconds(10);  // of the wait for the restarted server

// Counts answered steps, so that the crashes come in the midst of them.
class progress {
 public:
  void advance() {
    const std::lock_guard lock(mutex_);
    ++steps_;
    changed_.notify_all();
  }
  void wait_for_more(int steps) {
    std::unique_lock lock(mutex_);
    const int wanted = steps_ + steps;
    changed_.wait_for(lock, deadline, [&] { return steps_ >= wanted; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int steps_ = 0;
};

// A gateway that never takes a lost connection for an answer.
class gateway {
 public:
  gateway(std::string database, progress& seen) : database_(std::move(database)), seen_(seen) {}

  // Repeats a step on new connections until it is answered.
  template <typename Step>
  auto step(Step&& run) {
    for (const auto until = std::chrono::steady_clock::now() + deadline;;) {
      try {
        if (!connection_) connection_ = std::make_unique<pqxx::connection>(database_);
        pqxx::work tx(*connection_);
        auto answer = run(static_cast<pqxx::transaction_base&>(tx));
        tx.commit();
        seen_.advance();
        return answer;
      } catch (const pqxx::failure&) {
        if (std::chrono::steady_clock::now() > until) throw;
        connection_.reset();
        ++repeats_;
        std::this_thread::sleep_for(retry_interval);
      }
    }
  }

  // The sum that the answers say was charged. `pins` has one for each call.
  money run(std::uint32_t first_call, const std::vector<voucher_print>& pins) {
    money charged;
    for (std::uint32_t call = first_call; call < first_call + calls_a_gateway; ++call) {
      const auto hold = step([&](auto& tx) { return open_hold(tx, hold_for(call, {17'000})); });
      EXPECT_TRUE(hold.status == hold_status::opened || hold.status == hold_status::repeated);
      const auto more = step([&](auto& tx) {
        return extend_hold(tx, {.account_id = account_id(), .call_id = call_id(call), .more = {17'000}});
      });
      EXPECT_EQ(more.total.micros, 34'000);
      const auto end = step([&](auto& tx) { return settle(tx, stop_of(call, seconds{61})); });
      EXPECT_TRUE(end.status == settle_status::settled || end.status == settle_status::repeated);
      charged += end.charged;
      step([&](auto& tx) {
        return top_up(tx, {.account_id = account_id(), .amount = {1'000}, .payment_id = std::to_string(call)},
                      {1});
      }).value();
      step([&](auto& tx) {
        return refund_payment(
            tx, {.refund_id = std::to_string(call), .payment_id = std::to_string(call), .amount = {400}});
      }).value();
      const auto pin = parse_pin(pins.at(call - 1).pin).value();
      const auto voucher = step([&](auto& tx) {
        return redeem_voucher(tx, {}, account_id(), pin, std::chrono::system_clock::now());
      });
      EXPECT_NE(voucher.status, redemption_status::refused);
    }
    return charged;
  }

  int repeats() const { return repeats_; }

 private:
  std::string database_;
  progress& seen_;
  std::unique_ptr<pqxx::connection> connection_;
  int repeats_ = 0;
};

class Crash : public billing_test {};

TEST_F(Crash, RepeatedStepsBillEachCallOnce) {
  fund(units(100));
  const auto pins =
      step([](auto& tx) {
        return make_vouchers(tx, {},
                             {.batch_id = id_of(0x70, 1),
                              .currency = "EUR",
                              .value = {300},
                              .vouchers = gateways * static_cast<int>(calls_a_gateway),
                              .expires_at = std::chrono::system_clock::now() + std::chrono::hours(24)});
      }).value();
  progress seen;
  std::vector<std::unique_ptr<gateway>> all;
  for (int i = 0; i < gateways; ++i)
    all.push_back(std::make_unique<gateway>(database(), seen));
  std::vector<money> charged(gateways);
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < gateways; ++i)
    threads.emplace_back([&, i] { charged[i] = all[i]->run(1 + i * calls_a_gateway, pins); });
  connection_.reset();
  for (int i = 0; i < crashes; ++i) {
    seen.wait_for_more(200);
    server().crash();
    server().start();
  }
  for (auto& thread : threads)
    thread.join();
  reconnect();

  constexpr int calls = gateways * static_cast<int>(calls_a_gateway);
  money sum;
  int repeats = 0;
  for (const auto& one : charged)
    sum += one;
  for (const auto& one : all)
    repeats += one->repeats();
  EXPECT_GT(repeats, 0) << "the crashes were noticed";
  EXPECT_EQ(sum.micros, calls * 34'000LL);
  EXPECT_EQ(credit().posted, units(100) - sum + money{calls * (1'000LL - 400 + 300)});
  EXPECT_EQ(credit().held.micros, 0);
  EXPECT_EQ(step([](auto& tx) { return list_calls_by(tx, {}, {.limit = 1000}); }).size(), static_cast<std::size_t>(calls));
}

}  // namespace
}  // namespace tollgate::billing
