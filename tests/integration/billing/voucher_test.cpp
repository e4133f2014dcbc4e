// SPDX-License-Identifier: Apache-2.0
// Vouchers: worth their value once, and not to be guessed.
#include "billing/voucher.hpp"

#include <atomic>
#include <set>
#include <thread>

#include "fixture.hpp"

namespace tollgate::billing {
namespace {

using std::chrono::hours;
using std::chrono::system_clock;

const voucher_key the_key{1, 2, 3};

class Voucher : public billing_test {
 protected:
  std::vector<voucher_print> make(std::uint32_t batch = 1, int vouchers = 3,
                                  const std::string& currency = "EUR") {
    return step([&](auto& tx) {
             return make_vouchers(tx, the_key,
                                  {.batch_id = id_of(0x70, batch),
                                   .currency = currency,
                                   .value = units(10),
                                   .vouchers = vouchers,
                                   .expires_at = now_ + hours(24 * 365)});
           })
        .value();
  }
  redemption redeem(const std::string& pin, std::uint32_t account = 1, const voucher_key& key = the_key) {
    return step(
        [&](auto& tx) { return redeem_voucher(tx, key, account_id(account), parse_pin(pin).value(), now_); });
  }
  void open_account(std::uint32_t number) {
    step([&](auto& tx) { return create_account(tx, account_id(number), "EUR", "DE"); }).value();
  }

  system_clock::time_point now_ = system_clock::now();
};

TEST_F(Voucher, PinsAreSixteenDigitsAndReadAsPrinted) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i)
    seen.insert(make_pin());
  EXPECT_EQ(seen.size(), 1000U);
  for (const auto& pin : seen)
    EXPECT_EQ(parse_pin(format_pin(pin)), pin);
  EXPECT_EQ(parse_pin("1234-5678 9012 3456"), "1234567890123456");
  for (const char* bad : {"", "123456789012345", "12345678901234567", "123456789012345x"})
    EXPECT_FALSE(parse_pin(bad)) << bad;
}

TEST_F(Voucher, IsWorthItsValueOnce) {
  open_account(2);
  const auto pins = make();
  ASSERT_EQ(pins.size(), 3U);
  EXPECT_EQ(pins[2].serial, 3);
  const auto first = redeem(pins[0].pin);
  EXPECT_EQ(first.status, redemption_status::redeemed);
  EXPECT_EQ(first.value, units(10));
  EXPECT_EQ(first.balance_after, units(10));
  EXPECT_EQ(redeem(pins[0].pin).status, redemption_status::repeated);
  EXPECT_EQ(redeem(pins[0].pin, 2).why, error::voucher_used);
  EXPECT_EQ(credit().posted, units(10));
  const auto batch = step([](auto& tx) { return find_voucher_batch(tx, id_of(0x70, 1)); });
  EXPECT_EQ(batch->redeemed, 1);
  const auto entries = step([](auto& tx) { return list_entries(tx, account_id(), 10); });
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].kind, "voucher");
  EXPECT_EQ(entries[0].contra, "vouchers");
}

TEST_F(Voucher, IsRefusedWithItsReason) {
  const auto pins = make();
  const auto dollars = make(2, 1, "USD");
  EXPECT_EQ(redeem(dollars[0].pin).why, error::wrong_currency);
  EXPECT_EQ(redeem("0000 0000 0000 0000").why, error::voucher_unknown);
  EXPECT_EQ(redeem(pins[0].pin, 1, voucher_key{9}).why, error::voucher_unknown) << "another key";
  EXPECT_EQ(redeem(pins[0].pin, 9).why, error::no_account);
  step([](auto& tx) { return set_blocked(tx, account_id(), true); }).value();
  EXPECT_EQ(redeem(pins[0].pin).why, error::account_blocked);
  step([](auto& tx) { return set_blocked(tx, account_id(), false); }).value();
  now_ += hours(24 * 366);
  EXPECT_EQ(redeem(pins[0].pin).why, error::voucher_expired);
  now_ -= hours(24 * 366);
  EXPECT_TRUE(redeem(pins[0].pin).status == redemption_status::redeemed);
  step([&](auto& tx) { return revoke_vouchers(tx, id_of(0x70, 1), now_); }).value();
  EXPECT_EQ(redeem(pins[1].pin).why, error::voucher_revoked);
  EXPECT_EQ(step([&](auto& tx) { return revoke_vouchers(tx, id_of(0x70, 9), now_); }).error(),
            error::no_batch);
  EXPECT_EQ(credit().posted, units(10));
}

TEST_F(Voucher, BatchIsMadeOnceAndWithinBounds) {
  make();
  const auto again = [&](int vouchers, money value, std::uint32_t batch,
                         const std::string& currency = "EUR") {
    return step([&](auto& tx) {
      return make_vouchers(tx, the_key,
                           {.batch_id = id_of(0x70, batch),
                            .currency = currency,
                            .value = value,
                            .vouchers = vouchers,
                            .expires_at = now_});
    });
  };
  EXPECT_EQ(again(3, units(10), 1).error(), error::batch_exists);
  EXPECT_EQ(again(0, units(10), 2).error(), error::invalid_amount);
  EXPECT_EQ(again(10'001, units(10), 2).error(), error::invalid_amount);
  EXPECT_EQ(again(1, money{0}, 2).error(), error::invalid_amount);
  EXPECT_EQ(again(1, units(1), 2, "eur").error(), error::wrong_currency);
  EXPECT_EQ(step([](auto& tx) { return list_voucher_batches(tx, 10); }).size(), 1U);
}

TEST_F(Voucher, DatabaseHoldsNoPin) {
  const auto pins = make();
  const auto pin = parse_pin(pins[0].pin).value();
  EXPECT_EQ(
      step([&](auto& tx) {
        return tx
            .exec_params(
                "SELECT 1 FROM billing.voucher v, billing.voucher_batch b WHERE v::text LIKE '%' || $1 || "
                "'%' OR b::text LIKE '%' || $1 || '%' OR pin_hmac = sha256($2::bytea)",
                pin, pin)
            .size();
      }),
      0U);
  EXPECT_THROW(execute("DELETE FROM billing.voucher"), pqxx::sql_error);
}

TEST_F(Voucher, WrongPinsAreLockedForGrowingTimes) {
  open_account(2);
  const auto pins = make();
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(redeem("0000 0000 0000 000" + std::to_string(i)).why, error::voucher_unknown) << i;
  auto locked = redeem(pins[0].pin);
  EXPECT_EQ(locked.why, error::voucher_locked) << "even the right one";
  EXPECT_EQ(locked.retry_after, seconds{30});
  EXPECT_EQ(redeem(pins[1].pin, 2).status, redemption_status::redeemed) << "another account is free";
  seconds expected{60};
  for (int i = 0; i < 5; ++i) {
    now_ += locked.retry_after;
    EXPECT_EQ(redeem("0000 0000 0000 0009").why, error::voucher_unknown);
    locked = redeem(pins[0].pin);
    EXPECT_EQ(locked.why, error::voucher_locked);
    EXPECT_EQ(locked.retry_after, expected);
    expected *= 2;
  }
  now_ += locked.retry_after;
  EXPECT_EQ(redeem(pins[0].pin).status, redemption_status::redeemed);
  now_ += hours(24);
  EXPECT_EQ(redeem("0000 0000 0000 0009").why, error::voucher_unknown);
  EXPECT_EQ(redeem("0000 0000 0000 0009").why, error::voucher_unknown) << "forgotten by now";
}

TEST_F(Voucher, GuessesByManyAccountsAreSlowedTogether) {
  const auto pins = make();
  int unknown = 0;
  for (std::uint32_t account = 2; account < 40; ++account) {
    open_account(account);
    for (int i = 0; i < 3; ++i)
      unknown += redeem("0000 0000 0000 0000", account).why == error::voucher_unknown;
  }
  EXPECT_EQ(unknown, 101);
  const auto locked = redeem(pins[0].pin);
  EXPECT_EQ(locked.why, error::voucher_locked);
  EXPECT_LE(locked.retry_after, seconds{1});
  now_ += locked.retry_after;
  EXPECT_EQ(redeem(pins[0].pin).status, redemption_status::redeemed);
}

TEST_F(Voucher, OneOfManyAtTheSameTimeGetsIt) {
  constexpr std::uint32_t accounts = 6;
  const auto pins = make(1, 20);
  for (std::uint32_t i = 2; i <= accounts; ++i)
    open_account(i);
  std::atomic<int> redeemed{0};
  std::vector<std::thread> threads;
  for (std::uint32_t i = 1; i <= accounts; ++i)
    threads.emplace_back([&, i] {
      pqxx::connection connection(database());
      for (const auto& one : pins) {
        pqxx::work tx(connection);
        const auto answer = redeem_voucher(tx, the_key, account_id(i), parse_pin(one.pin).value(), now_,
                                           {.account = {.free = 1000}, .all = {.free = 1000}});
        tx.commit();
        redeemed += answer.status == redemption_status::redeemed;
      }
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(redeemed, 20);
}

}  // namespace
}  // namespace tollgate::billing
