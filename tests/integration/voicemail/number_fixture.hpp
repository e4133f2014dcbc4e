// SPDX-License-Identifier: Apache-2.0
// A database with two accounts, EUR 20 on alice's, and one number in stock.
#pragma once

#include <gtest/gtest.h>

#include <boost/uuid/string_generator.hpp>
#include <memory>
#include <pqxx/connection>
#include <pqxx/transaction>
#include <string>

#include "billing/account.hpp"
#include "billing/ledger.hpp"
#include "tests/support/postgres/fixture.hpp"
#include "voicemail/number_store.hpp"

namespace tollgate::voicemail {

class number_test : public tests::postgres_test {
 protected:
  void SetUp() override {
    tests::postgres_test::SetUp();
    connection_ = std::make_unique<pqxx::connection>(database());
    pqxx::work tx{*connection_};
    ASSERT_TRUE(billing::create_account(tx, alice, "EUR", "GB"));
    ASSERT_TRUE(billing::create_account(tx, bob, "EUR", "DE"));
    ASSERT_TRUE(add_number(tx, {.number = number, .area = "San Francisco", .trunk_id = {}}));
    tx.commit();
    pay(20);
  }

  // Runs a function of the store in a transaction of its own.
  template <typename function, typename... arguments>
  auto in_transaction(function&& call, const arguments&... values) {
    pqxx::work tx{*connection_};
    auto answer = call(tx, values...);
    tx.commit();
    return answer;
  }

  void pay(std::int64_t units) {
    const auto payment = "payment " + std::to_string(++payments_);
    const auto paid = in_transaction([&](pqxx::transaction_base& tx) {
      return billing::top_up(tx, {.account_id = alice,
                                  .amount = billing::units(units),
                                  .payment_id = payment,
                                  .note = {},
                                  .currency = {}});
    });
    ASSERT_TRUE(paid);
  }

  // The ledger's own view of broken invariants is empty after every test.
  void TearDown() override {
    EXPECT_TRUE(in_transaction(billing::violations).empty());
    connection_.reset();
    tests::postgres_test::TearDown();
  }

  billing::money credit_of(const boost::uuids::uuid& account) {
    return in_transaction(billing::find_balance, account).value().posted;
  }

  number_record record() { return in_transaction(find_number, number).value(); }

  boost::system::result<rental> rent(const char* order, const boost::uuids::uuid& account, int months = 3) {
    return in_transaction(rent_number, rent_request{.order_id = id(order),
                                                    .account_id = account,
                                                    .number = number,
                                                    .term_months = months,
                                                    .now = start});
  }

  term_report advance(system_clock::time_point now) {
    return in_transaction([now](pqxx::transaction_base& tx) { return advance_terms(tx, now, 100); });
  }

  static boost::uuids::uuid id(const std::string& last) {
    return boost::uuids::string_generator{}("01890000-0000-7000-8000-" + std::string(12 - last.size(), '0') +
                                            last);
  }

  static system_clock::time_point day(int year, unsigned month, unsigned day_of_month) {
    return std::chrono::sys_days{std::chrono::year{year} / static_cast<int>(month) /
                                 static_cast<int>(day_of_month)};
  }

  std::unique_ptr<pqxx::connection> connection_;
  const boost::uuids::uuid alice = id("a11ce");
  const boost::uuids::uuid bob = id("b0b");
  const pstn::number::phone_number number = pstn::number::phone_number::parse("+16505550100").value();
  const system_clock::time_point start = day(2026, 1, 31);

 private:
  int payments_ = 0;
};

}  // namespace tollgate::voicemail
