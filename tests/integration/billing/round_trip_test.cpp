// SPDX-License-Identifier: Apache-2.0
// What a step of the ledger costs on the wire: one round trip, one transaction. Read off libpq's trace of the messages.
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <pqxx/nontransaction>

#include "billing/fraud.hpp"
#include "fixture.hpp"

namespace tollgate::billing {
namespace {

class RoundTrips : public billing_test {
 protected:
  struct cost {
    int round_trips = 0;
    std::int64_t transactions = 0;
  };

  // As the gateway runs it: a statement that commits by itself (gateway/db/database.hpp, step).
  cost of(const std::function<void(pqxx::transaction_base&)>& step) {
    const auto before = newest_transaction();
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> trace(std::tmpfile(), &std::fclose);
    connection_->trace(trace.get());
    {
      pqxx::nontransaction tx(*connection_);
      step(tx);
    }
    connection_->trace(nullptr);
    cost found{.transactions = newest_transaction() - before - 1};  // less the one that asks
    std::rewind(trace.get());
    char line[4096];
    while (std::fgets(line, sizeof line, trace.get()) != nullptr)
      if (std::strstr(line, "ReadyForQuery") != nullptr) ++found.round_trips;  // ends every answer
    return found;
  }

 private:
  std::int64_t newest_transaction() {
    pqxx::nontransaction tx(*connection_);
    return tx.exec1("SELECT txid_current()")[0].as<std::int64_t>();
  }
};

TEST_F(RoundTrips, EveryStepOfACallTakesOne) {
  fund({20'000'000});
  const auto cycle = [&](std::uint32_t call, bool guarded) {
    const extend_request more{
        .account_id = account_id(), .call_id = call_id(call), .request_number = 1, .more = {17'000}};
    const usage used{.account_id = account_id(), .call_id = call_id(call), .used = seconds{1}};
    const auto request = hold_for(call, {17'000});
    return std::vector<cost>{
        of([&](auto& tx) { guarded ? open_guarded_hold(tx, request) : open_hold(tx, request); }),
        of([&](auto& tx) { report_usage(tx, instance_id(), {&used, 1}, seconds{30}); }),
        of([&](auto& tx) { guarded ? extend_guarded_hold(tx, more) : extend_hold(tx, more); }),
        of([&](auto& tx) { settle(tx, stop_of(call, seconds{61})); })};
  };
  for (const bool guarded : {false, true}) {
    cycle(guarded ? 3 : 1, guarded);  // a connection's first call prepares the statements
    for (const auto& [round_trips, transactions] : cycle(guarded ? 4 : 2, guarded)) {
      EXPECT_EQ(round_trips, 1);
      EXPECT_EQ(transactions, 1);
    }
  }
}

}  // namespace
}  // namespace tollgate::billing
