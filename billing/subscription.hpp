// SPDX-License-Identifier: Apache-2.0
// Charges for terms of a subscription (a rented number): one ledger entry a period, never two.
#pragma once

#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "billing/account.hpp"
#include "billing/error.hpp"
#include "billing/money.hpp"
#include "billing/tax.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

// A term as it is sold: EUR 10 for 3 months, EUR 30 for 12 as shipped (table billing.subscription_term).
struct term {
  std::chrono::months length{3};
  money price{};
};

// Shortest first; empty for a currency without prices.
std::vector<term> list_terms(pqxx::transaction_base& tx, const std::string& currency);

// Sets what a term costs from the next charge on; a price of 0 takes the term off sale: subscriptions of that
// length end. error::unknown_currency, invalid_amount, no_term (none to take off sale).
boost::system::result<void> set_term(pqxx::transaction_base& tx, const std::string& currency,
                                     std::chrono::months length, money price);

// The term of that length in the account's currency. error::no_account, no_term.
boost::system::result<term> find_term(pqxx::transaction_base& tx, const uuid& account_id,
                                      std::chrono::months length);

struct subscription_charge {
  uuid account_id{};
  uuid subscription_id{};
  int period = 1;  // 1 for the first term, 2 for its renewal, …
  term sold{};
  std::string note{};                                         // for the entry: the number, for instance
  std::optional<std::chrono::system_clock::time_point> at{};  // of the tax; nothing: the database's now
};

enum class subscription_status : std::uint8_t { charged, repeated };

struct subscription_answer {
  subscription_status status = subscription_status::charged;
  money balance_after{};           // posted credit of the account, now
  money charged{};                 // the price, with a tax that comes on top
  std::optional<tax_share> tax{};  // negative, as the entry
};

// Takes the price, and the tax where it comes on top, from the free credit. Repeating a period changes
// nothing. error::no_account, account_blocked, invalid_amount, insufficient_credit (nothing is remembered:
// ask again after a top-up), period_conflict (charged before at another price or length, or an earlier period
// is missing).
boost::system::result<subscription_answer> charge_subscription(pqxx::transaction_base& tx,
                                                               const subscription_charge& charge);

// What a period was charged.
struct period_charge {
  money price{};    // of the term
  money charged{};  // with a tax that came on top
  std::optional<tax_share> tax{};
};

std::optional<period_charge> find_charge(pqxx::transaction_base& tx, const uuid& account_id,
                                         const uuid& subscription_id, int period);

struct subscription_refund {
  uuid account_id{};
  uuid subscription_id{};
  int period = 1;       // the current one
  int unused_days = 0;  // whole days of it that are left
  int period_days = 0;  // of which it has so many
  std::string note{};
  std::chrono::system_clock::time_point now{};
};

struct subscription_refund_answer {
  bool repeated = false;  // it was given before; `amount` is what was given then
  money amount{};
  money balance_after{};  // posted credit of the account, now
};

// Gives back the share of what the period took, with its tax, for the unused days, rounded down, once for
// each period. error::no_account, no_charge (the period was not charged), nothing_unused, invalid_amount.
boost::system::result<subscription_refund_answer> refund_subscription(pqxx::transaction_base& tx,
                                                                      const subscription_refund& refund);

}  // namespace tollgate::billing
