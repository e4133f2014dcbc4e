// SPDX-License-Identifier: Apache-2.0
// Limits against fraud while it happens: per account, by whether it is new, and over all accounts. They are
// applied by open_guarded_hold and extend_guarded_hold (ledger.hpp) from what CDRs and holds say, so that a
// restart forgets nothing.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <map>
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
  // dear_prefixes_day (distinct), call_length (seconds).
  std::string measure{};
  std::int64_t most = 0;
  // event: it is only noted. refuse: new calls are refused while it is so (of dear prefixes, dear ones). cut:
  // live calls end at their next extension as well; spending locks the account until an admin unlocks it.
  std::string action{};
  // Of spend_hour and spend_day (ISO 4217); else empty. It holds for accounts in this currency; where a level
  // has a limit of spending in others only, an account may not start a call.
  std::string currency{};
};

std::vector<fraud_limit> list_fraud_limits(pqxx::transaction_base& tx);

// False where the action never comes to be: a call has no length when it starts, so that call_length refuses
// none; dear_prefixes_day of all is looked at when calls start, so that it cuts none.
bool has_effect(const fraud_limit& limit);

// Sets one limit. error::malformed for a scope, measure or action that is none, a negative limit, a
// currency where none belongs or the other way round, or a limit without effect; error::unknown_currency.
boost::system::result<void> set_fraud_limit(pqxx::transaction_base& tx, const fraud_limit& limit);

// False: there was none.
bool remove_fraud_limit(pqxx::transaction_base& tx, const std::string& scope, const std::string& measure,
                        const std::string& currency = {});

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
  std::string currency{};   // of a sum
  std::int64_t figure = 0;  // at last
  std::int64_t most = 0;
  std::string action{};
  std::optional<uuid> call_id{};  // of the first
};

// How often each limit was reached since the ledger began, by its measure: grows only.
std::map<std::string, std::int64_t> count_fraud_events(pqxx::transaction_base& tx);

// Newest hour first, at most `limit` (1 … 1000).
std::vector<fraud_event> list_fraud_events(pqxx::transaction_base& tx, int limit);

// The amounts of the policy in one currency. Where there are none, no payment establishes, and nothing is
// dear.
struct fraud_amounts {
  money established_paid{};
  money dear_per_minute{};
};

// When an account is new no more, and from what price a prefix is dear.
struct fraud_policy {
  int established_days = 60;  // of age, or
  int payment_days = 14;      // so many days ago or longer
  std::map<std::string, fraud_amounts>
      amounts{};  // paid at least `established_paid`, refunds taken off; by currency
};

fraud_policy find_fraud_policy(pqxx::transaction_base& tx);
// The days. error::malformed for one that is negative.
boost::system::result<void> set_fraud_policy(pqxx::transaction_base& tx, int established_days,
                                             int payment_days);
// error::unknown_currency; error::malformed for a negative price, or a sum of nothing to be paid.
boost::system::result<void> set_fraud_amounts(pqxx::transaction_base& tx, const std::string& currency,
                                              const fraud_amounts& amounts);
// False: there were none.
bool remove_fraud_amounts(pqxx::transaction_base& tx, const std::string& currency);

}  // namespace tollgate::billing
