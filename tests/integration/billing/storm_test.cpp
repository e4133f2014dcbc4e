// SPDX-License-Identifier: Apache-2.0
// Many threads on few accounts, every step done twice by two threads, leases that run out at any moment, a
// reaper and a lapse of credit all the while: afterwards the ledger is unbroken and agrees with a record kept
// in memory.
#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "billing/cdr_list.hpp"
#include "billing/credit.hpp"
#include "billing/credit_life.hpp"
#include "billing/subscription.hpp"
#include "billing/voucher.hpp"
#include "fixture.hpp"

namespace tollgate::billing {
namespace {

constexpr std::uint32_t accounts = 3;
constexpr std::uint32_t pairs = 4;  // of threads that do the same
constexpr std::uint32_t calls_a_pair = 100;
constexpr int payments_a_pair = 25;

// What the steps answered, kept outside the database.
class memory {
 public:
  void credited(std::uint32_t account, money amount) {
    const std::lock_guard lock(mutex_);
    sums_[account] += amount;
  }
  void charged_once(std::uint32_t account, money amount) {
    const std::lock_guard lock(mutex_);
    sums_[account] -= amount;
  }
  void happened(const std::string& what) {
    const std::lock_guard lock(mutex_);
    ++times_[what];
  }
  int times(const std::string& what) const { return times_.contains(what) ? times_.at(what) : 0; }
  // Both threads of a pair must be told the same.
  void charged(std::uint32_t account, std::uint32_t call, const settlement& answer) {
    const std::lock_guard lock(mutex_);
    const auto [known, fresh] = calls_.try_emplace(call, answer.charged);
    if (fresh)
      sums_[account] -= answer.charged;
    else
      EXPECT_EQ(known->second, answer.charged) << "call " << call;
    first_settlements_ +=
        answer.status == settle_status::settled || answer.status == settle_status::corrected;
    corrections_ += answer.status == settle_status::corrected;
  }
  money sum(std::uint32_t account) const { return sums_.contains(account) ? sums_.at(account) : money{}; }
  std::size_t calls() const { return calls_.size(); }
  money charge_of(std::uint32_t call) const { return calls_.at(call); }
  int corrections() const { return corrections_; }
  int first_settlements() const { return first_settlements_; }

 private:
  std::mutex mutex_;
  std::map<std::uint32_t, money> sums_;
  std::map<std::uint32_t, money> calls_;
  std::map<std::string, int> times_;
  int first_settlements_ = 0;
  int corrections_ = 0;
};

class worker {
 public:
  worker(const std::string& database, memory& record, const std::vector<voucher_print>& vouchers,
         std::uint32_t pair, std::uint32_t twin)
      : connection_(database),
        record_(record),
        vouchers_(vouchers),
        pair_(pair),
        same_(pair),
        own_(100 * pair + twin) {}

  void run() {
    for (std::uint32_t i = 0; i < calls_a_pair; ++i) {
      account_ = 1 + pick(same_, accounts);
      if (i % (calls_a_pair / payments_a_pair) == 0) pay(i);
      if (i % 20 == 0) refund(i);
      if (i % 20 == 10) redeem(i);
      if (i % 10 == 3) give(i);
      if (pick(own_, 3) == 0) bring_back();
      if (i % 25 == 7) rent(i);
      call(pair_ * calls_a_pair + i + 1);
    }
  }

 private:
  static std::uint32_t pick(std::mt19937& random, std::uint32_t below) {
    return static_cast<std::uint32_t>(random() % below);
  }

  template <typename Step>
  auto step(Step&& run) {
    pqxx::work tx(connection_);
    auto answer = run(static_cast<pqxx::transaction_base&>(tx));
    tx.commit();
    return answer;
  }

  void pay(std::uint32_t i) {
    const auto answer = step([&](auto& tx) {
      return top_up(tx,
                    {.account_id = billing::account_id(account_),
                     .amount = {200'000},
                     .payment_id = std::to_string(pair_) + "-" + std::to_string(i)},
                    {1});
    });
    ASSERT_TRUE(answer.has_value());
    if (answer->status == top_up_status::credited) record_.credited(account_, {200'000});
  }

  // Of the payment that either twin has just made.
  void refund(std::uint32_t i) {
    const auto payment = std::to_string(pair_) + "-" + std::to_string(i);
    const auto answer = step([&](auto& tx) {
      return refund_payment(tx, {.refund_id = "r" + payment, .payment_id = payment, .amount = {50'000}});
    });
    if (!answer || answer->repeated) return;
    record_.charged_once(account_, {50'000});
    record_.happened("refund");
  }

  void redeem(std::uint32_t i) {
    const auto pin = parse_pin(vouchers_.at(pair_ * calls_a_pair / 20 + i / 20).pin).value();
    const auto answer = step([&](auto& tx) {
      return redeem_voucher(tx, {}, billing::account_id(account_), pin, std::chrono::system_clock::now());
    });
    ASSERT_NE(answer.status, redemption_status::refused) << code_of(answer.why);
    if (answer.status != redemption_status::redeemed) return;
    record_.credited(account_, answer.value);
    record_.happened("voucher");
  }

  void give(std::uint32_t i) {
    const auto answer = step([&](auto& tx) {
      return adjust(tx, {.account_id = billing::account_id(account_),
                         .kind = adjustment_kind::goodwill,
                         .amount = {20'000},
                         .reference = std::to_string(pair_) + "-" + std::to_string(i),
                         .note = "storm",
                         .now = std::chrono::system_clock::now()});
    });
    if (answer && !answer->repeated) record_.credited(account_, {20'000});
  }

  void bring_back() {
    const auto answer = step([&](auto& tx) {
      return reactivate(tx, billing::account_id(account_), actor::subscriber,
                        std::chrono::system_clock::now());
    });
    if (!answer) return;
    record_.credited(account_, answer->amount);
    record_.happened("reactivation");
  }

  void rent(std::uint32_t i) {
    const auto answer = step([&](auto& tx) {
      return charge_subscription(tx, {.account_id = billing::account_id(account_),
                                      .subscription_id = id_of(0x50, 1000 * pair_ + i),
                                      .period = 1,
                                      .sold = {std::chrono::months{3}, {30'000}}});
    });
    if (answer.has_value() && answer->status == subscription_status::charged)
      record_.charged_once(account_, {30'000});
    const auto back = step([&](auto& tx) {
      return refund_subscription(tx, {.account_id = billing::account_id(account_),
                                      .subscription_id = id_of(0x50, 1000 * pair_ + i),
                                      .period = 1,
                                      .unused_days = 30,
                                      .period_days = 90,
                                      .now = std::chrono::system_clock::now()});
    });
    if (back.has_value() && !back->repeated) record_.credited(account_, {10'000});
  }

  // What is random in the call itself comes from same_, which is equal in both twins; their timing is not.
  void call(std::uint32_t number) {
    const milliseconds talk{same_() % 200'000};
    const seconds lease{pick(same_, 3) == 0 ? 0 : 30};
    const auto extensions = static_cast<int>(pick(same_, 4));
    auto request = hold_for(number, {17'000});
    request.account_id = billing::account_id(account_);
    request.lease = lease;
    const bool guarded = pick(own_, 2) == 0;  // both ways are the same step
    step([&](auto& tx) { return guarded ? open_guarded_hold(tx, request) : open_hold(tx, request); });
    for (int n = 1; n <= extensions; ++n) {
      const auto repeats = 1 + pick(own_, 2);
      for (std::uint32_t repeat = 0; repeat < repeats; ++repeat)
        step([&](auto& tx) {
          const extend_request more{.account_id = request.account_id,
                                    .call_id = request.call_id,
                                    .request_number = n,
                                    .used = seconds{30 * n},
                                    .more = {17'000},
                                    .lease = lease};
          return guarded ? extend_guarded_hold(tx, more) : extend_hold(tx, more);
        });
      const usage used{.account_id = request.account_id, .call_id = request.call_id, .used = seconds{20 * n}};
      step([&](auto& tx) { return report_usage(tx, request.gateway_instance, {&used, 1}, lease); });
    }
    auto record = stop_of(number, talk);
    record.account_id = request.account_id;
    for (std::uint32_t repeat = 0; repeat < 1 + pick(own_, 2); ++repeat) {
      const auto answer = step([&](auto& tx) { return settle(tx, record); });
      ASSERT_NE(answer.status, settle_status::unknown_call);
      EXPECT_LE(answer.charged, call_price(global_rate(), talk));
      record_.charged(account_, number, answer);
    }
  }

  pqxx::connection connection_;
  memory& record_;
  const std::vector<voucher_print>& vouchers_;
  std::uint32_t pair_;
  std::uint32_t account_ = 1;
  std::mt19937 same_;
  std::mt19937 own_;
};

class Storm : public billing_test {};

void reap_until(const std::string& database, const std::atomic<bool>& done,
                std::atomic<std::size_t>& reaped) {
  pqxx::connection connection(database);
  while (!done) {
    pqxx::work tx(connection);
    reaped += reap_holds(tx, seconds{0}, 5);
    tx.commit();
    std::this_thread::yield();
  }
}

// Half a year is over at every moment.
void lapse_until(const std::string& database, const std::atomic<bool>& done, memory& record) {
  pqxx::connection connection(database);
  while (!done) {
    pqxx::work tx(connection);
    const auto later = std::chrono::system_clock::now() + std::chrono::hours(24 * 200);
    const auto steps = advance_credit(tx, later, {}, 2);
    tx.commit();
    for (const auto& one : steps) {
      if (one.step != "lapse") continue;
      record.charged_once(one.account_id.data[15], one.amount);
      record.happened("lapse");
    }
    std::this_thread::yield();
  }
}

TEST_F(Storm, EveryStepTwiceOnFewAccountsKeepsTheLedgerExact) {
  for (std::uint32_t i = 2; i <= accounts; ++i)
    step([&](auto& tx) { return create_account(tx, account_id(i), "EUR", "DE"); }).value();
  const auto vouchers =
      step([](auto& tx) {
        return make_vouchers(tx, {},
                             {.batch_id = id_of(0x70, 1),
                              .currency = "EUR",
                              .value = {150'000},
                              .vouchers = pairs * calls_a_pair / 20,
                              .expires_at = std::chrono::system_clock::now() + std::chrono::hours(24)});
      }).value();
  execute("UPDATE billing.fraud_limit SET action = 'event'");
  memory record;
  std::vector<std::unique_ptr<worker>> workers;
  for (std::uint32_t pair = 0; pair < pairs; ++pair)
    for (std::uint32_t twin = 0; twin < 2; ++twin)
      workers.push_back(std::make_unique<worker>(database(), record, vouchers, pair, twin));
  std::atomic<bool> done{false};
  std::atomic<std::size_t> reaped{0};
  std::vector<std::thread> reapers;
  for (int i = 0; i < 2; ++i)
    reapers.emplace_back([&] { reap_until(database(), done, reaped); });
  for (int i = 0; i < 2; ++i)
    reapers.emplace_back([&] { lapse_until(database(), done, record); });
  std::vector<std::thread> threads;
  for (auto& one : workers)
    threads.emplace_back([&one] { one->run(); });
  for (auto& thread : threads)
    thread.join();
  done = true;
  for (auto& thread : reapers)
    thread.join();

  EXPECT_EQ(record.calls(), pairs * calls_a_pair);
  for (std::uint32_t i = 1; i <= accounts; ++i) {
    const auto credit_now = step([&](auto& tx) { return find_balance(tx, account_id(i)); }).value();
    EXPECT_EQ(credit_now.posted, record.sum(i)) << "account " << i;
    EXPECT_EQ(credit_now.held.micros, 0) << "account " << i;
  }
  EXPECT_EQ(record.times("voucher"), pairs * calls_a_pair / 20);
  for (const char* what : {"refund", "lapse", "reactivation"})
    EXPECT_GT(record.times(what), 0) << what << ": the storm did not have it";
  std::map<std::string, int> settled;
  for (const auto& one : step([](auto& tx) { return list_calls_by(tx, {}, {.limit = 1000}); })) {
    const auto& id = one.call.call_id;
    const auto number = static_cast<std::uint32_t>(id.data[13] << 16 | id.data[14] << 8 | id.data[15]);
    EXPECT_EQ(one.charged, record.charge_of(number));
    ++settled[to_string(one.settled)];
  }
  EXPECT_EQ(settled["reaper"], 0) << "every call had its true record";
  EXPECT_EQ(settled["corrected"], record.corrections());
  EXPECT_EQ(settled["gateway"] + settled["corrected"], record.first_settlements());
  EXPECT_EQ(settled["gateway"] + settled["corrected"] + settled["refused"],
            static_cast<int>(pairs * calls_a_pair));
  EXPECT_EQ(static_cast<std::size_t>(record.corrections()), reaped) << "each reaped call was corrected";
}

}  // namespace
}  // namespace tollgate::billing
