// SPDX-License-Identifier: Apache-2.0
// Credit that is not used lapses after some calendar months: it becomes inactive by a ledger entry and free
// again by another. The subscriber is told by stored events. Times are arguments; days are those of UTC.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "billing/account.hpp"
#include "billing/error.hpp"
#include "billing/money.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

using std::chrono::system_clock;

// After how many calendar months without use (a charged call, or credit given) credit lapses: at the end of
// the day that many months later, the last day of a month where the month is too short. 0: never.
struct lapse_policy {
  int months = 6;
  std::map<std::string, int> by_country{};  // ISO 3166 alpha-2 → months, in place of the above
};

// Reads "DE=0", "FR=12", …; error::malformed for anything else, a country named twice, or more than 120
// months.
boost::system::result<std::map<std::string, int>> parse_lapse_countries(std::span<const std::string> texts);

// As billing.lapse_months reads it: {"": 6, "DE": 0}.
std::string to_json(const lapse_policy& policy);

struct credit_life {
  money inactive{};                                   // lapsed and not reactivated
  std::chrono::year_month_day last_used{};            // UTC
  std::optional<system_clock::time_point> lapses_at;  // of the credit that is there; nothing: never
};

// error::no_account
boost::system::result<credit_life> find_credit_life(pqxx::transaction_base& tx, const uuid& account_id,
                                                    const lapse_policy& policy);

struct credit_step {
  uuid account_id{};
  std::string step{};  // notice_30d, notice_7d, notice_72h, lapse
  money amount{};      // the credit that is spoken of
};

// Takes what is due at `now` for up to `limit` accounts, and tells what was done: the nearest notice not
// given yet, or the lapse. Any node may run it at any time: accounts that another step has locked, or that
// have an open hold, are left for the next run. Fewer steps than `limit`: nothing more is due.
std::vector<credit_step> advance_credit(pqxx::transaction_base& tx, system_clock::time_point now,
                                        const lapse_policy& policy, int limit);

enum class actor : std::uint8_t { subscriber, admin };

struct reactivation {
  money amount{};         // that was inactive
  money balance_after{};  // posted credit of the account, now
};

// Makes all inactive credit free again, with a whole period before it. error::no_account, nothing_inactive
// (also when it is asked for twice), account_blocked (for the subscriber only).
boost::system::result<reactivation> reactivate(pqxx::transaction_base& tx, const uuid& account_id, actor by,
                                               system_clock::time_point now);

// ---- what the subscriber is told

struct account_event {
  uuid account_id{};
  std::string key{};   // of the event in its account: the same event again has the same key
  std::string kind{};  // credit_lapse_notice, credit_lapsed, credit_reactivated, …
  std::string body{};  // a JSON object
  system_clock::time_point at{};
  std::optional<system_clock::time_point> delivered_at{};
  bool is_void = false;  // a notice that a later use of the credit has overtaken: it is not delivered
};

// Of these accounts, what was delivered to no device yet and still holds; oldest first, at most `limit`.
std::vector<account_event> pending_events(pqxx::transaction_base& tx, std::span<const uuid> accounts,
                                          int limit);

// To be called after they were handed to a device. An event that was not confirmed, since the gateway died in
// between, is delivered again with the same key.
void confirm_delivery(pqxx::transaction_base& tx, std::span<const account_event> events,
                      system_clock::time_point now);

// All events of an account, newest first, at most `limit` (1 … 1000).
std::vector<account_event> list_events(pqxx::transaction_base& tx, const uuid& account_id, int limit);

// Stores an event once: false if its key was known. `body` is a JSON object.
bool add_event(pqxx::transaction_base& tx, const uuid& account_id, const std::string& key,
               const std::string& kind, const std::string& body, system_clock::time_point now);

}  // namespace tollgate::billing
