// SPDX-License-Identifier: Apache-2.0
// Limits against fraud while it happens: per account, by whether it is new, and over all accounts. They are
// applied by open_guarded_hold and extend_guarded_hold (ledger.hpp) from what CDRs and holds say, so that a
// restart forgets nothing.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "billing/account.hpp"
#include "billing/error.hpp"
#include "billing/money.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

struct fraud_limit {
  // new, established, all, or an account's id, whose limits go before those of its level.
  std::string scope{};
  // spend_hour, spend_day (micro-units; what live calls hold counts), starts_minute, concurrent_calls,
  // dear_prefixes_day (distinct), call_length (seconds). The last two not for all.
  std::string measure{};
  std::int64_t most = 0;
  // event: it is only noted. refuse: new calls are refused while it is so. cut: live calls end at their next
  // extension as well; spending locks the account until an admin unlocks it.
  std::string action{};
};

std::vector<fraud_limit> list_fraud_limits(pqxx::transaction_base& tx);

// Sets one limit. error::malformed for a scope, measure or action that is none, or a negative limit.
boost::system::result<void> set_fraud_limit(pqxx::transaction_base& tx, const fraud_limit& limit);

// False: there was none.
bool remove_fraud_limit(pqxx::transaction_base& tx, const std::string& scope, const std::string& measure);

struct fraud_state {
  std::string level{};                                             // new, established
  std::optional<std::chrono::system_clock::time_point> locked_at;  // nothing: not locked
  std::string measure{};                                           // the limit that locked it
};

// error::no_account
boost::system::result<fraud_state> find_fraud_state(pqxx::transaction_base& tx, const uuid& account_id);

// Lets an account, or all (no id), call again; what it did before counts no more. False: it was not locked.
bool unlock_fraud(pqxx::transaction_base& tx, const std::optional<uuid>& account_id);

// Compares all accounts together with the limits of `all`; every few seconds, on any node. True: new calls
// are refused now.
bool watch_fraud(pqxx::transaction_base& tx);

// A limit that was reached, once for each scope, measure and hour.
struct fraud_event {
  std::string scope{};  // an account's id, or all
  std::string measure{};
  std::chrono::system_clock::time_point first{};
  std::chrono::system_clock::time_point last{};
  std::int64_t times = 0;
  std::int64_t figure = 0;  // at last
  std::int64_t most = 0;
  std::string action{};
  std::optional<uuid> call_id{};  // of the first
};

// Newest hour first, at most `limit` (1 … 1000).
std::vector<fraud_event> list_fraud_events(pqxx::transaction_base& tx, int limit);

// When an account is new no more, and from what price a prefix is dear.
struct fraud_policy {
  int established_days = 60;  // of age, or
  money established_paid{};   // paid, refunds taken off,
  int payment_days = 14;      // so many days ago or longer
  money dear_per_minute{};
};

fraud_policy find_fraud_policy(pqxx::transaction_base& tx);
// error::malformed for a value that is negative, or a sum of nothing to be paid.
boost::system::result<void> set_fraud_policy(pqxx::transaction_base& tx, const fraud_policy& policy);

}  // namespace tollgate::billing
