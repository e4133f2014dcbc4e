// SPDX-License-Identifier: Apache-2.0
// A database with one funded account, and short ways to the steps of a call.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <pqxx/connection>
#include <pqxx/result>
#include <pqxx/transaction>

#include "billing/cdr.hpp"
#include "billing/ledger.hpp"
#include "tests/support/postgres/fixture.hpp"

namespace tollgate::billing {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A distinct id for each pair of numbers, in order of `number` within a kind.
inline uuid id_of(std::uint8_t kind, std::uint32_t number) {
  uuid id{};
  id.data[0] = kind;
  for (unsigned i = 0; i < 4; ++i)
    id.data[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}
inline uuid account_id(std::uint32_t number = 1) {
  return id_of(0xa0, number);
}
inline uuid call_id(std::uint32_t number) {
  return id_of(0xc0, number);
}
inline uuid instance_id(std::uint32_t number = 1) {
  return id_of(0xe0, number);
}

// EUR 0.017 a minute, 60/60.
inline rate global_rate() {
  return {.rate_id = 7, .prefix = "44", .destination = "United Kingdom", .price_per_minute = {17'000}};
}

inline hold_request hold_for(std::uint32_t call, money wanted, rate terms = global_rate()) {
  return {.account_id = account_id(),
          .call_id = call_id(call),
          .gateway_instance = instance_id(),
          .node = "node-1",
          .terms = std::move(terms),
          .currency = "EUR",
          .minimum = {},
          .wanted = wanted,
          .caller = "alice",
          .callee = "+442079460958"};
}

inline stop_record stop_of(std::uint32_t call, milliseconds talk) {
  stop_record record;
  record.account_id = account_id();
  record.call_id = call_id(call);
  record.caller = "alice";
  record.callee = "+442079460958";
  record.talk = talk;
  record.hung_up_by = call_side::caller;
  record.reason = "normal";
  record.node = "node-1";
  return record;
}

class billing_test : public tests::postgres_test {
 protected:
  // Runs one step in a transaction of its own and commits it.
  template <typename Step>
  auto step(Step&& run) {
    pqxx::work tx(*connection_);
    auto answer = run(static_cast<pqxx::transaction_base&>(tx));
    tx.commit();
    return answer;
  }

  void SetUp() override {
    tests::postgres_test::SetUp();
    connection_ = std::make_unique<pqxx::connection>(database());
    step([](auto& tx) { return create_account(tx, account_id(), "EUR", "DE"); }).value();
  }

  // Every test ends with an unbroken ledger.
  void TearDown() override {
    if (!connection_) return;
    for (const auto& found : step([](auto& tx) { return violations(tx); }))
      ADD_FAILURE() << found.what << ": " << found.difference;
  }

  void execute(const std::string& sql) {
    pqxx::work tx(*connection_);
    tx.exec(sql);
    tx.commit();
  }

  void fund(money amount, const std::string& payment = "first") {
    step([&](auto& tx) {
      return top_up(tx, {.account_id = account_id(), .amount = amount, .payment_id = payment}, {1});
    }).value();
  }
  balance credit() {
    return step([](auto& tx) { return find_balance(tx, account_id()); }).value();
  }
  hold_answer open(const hold_request& request) {
    return step([&](auto& tx) { return open_hold(tx, request); });
  }
  extend_answer extend(std::uint32_t call, int number, money more, seconds used = seconds{0}) {
    return step([&](auto& tx) {
      return extend_hold(tx, {.account_id = account_id(),
                              .call_id = call_id(call),
                              .request_number = number,
                              .used = used,
                              .more = more});
    });
  }
  settlement stop(std::uint32_t call, milliseconds talk) {
    return step([&](auto& tx) { return settle(tx, stop_of(call, talk)); });
  }
  usage_answer report(std::uint32_t call, seconds used, seconds lease = seconds{30},
                      uuid instance = instance_id()) {
    return step([&](auto& tx) {
      const usage one{.account_id = account_id(), .call_id = call_id(call), .used = used};
      return report_usage(tx, instance, {&one, 1}, lease);
    });
  }
  std::optional<call_record> record_of(std::uint32_t call) {
    return step([&](auto& tx) { return find_call(tx, account_id(), call_id(call)); });
  }
  void reconnect() { connection_ = std::make_unique<pqxx::connection>(database()); }

  std::unique_ptr<pqxx::connection> connection_;
};

}  // namespace tollgate::billing
