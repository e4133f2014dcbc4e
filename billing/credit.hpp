// SPDX-License-Identifier: Apache-2.0
// What moves credit beside calls and payments: refunds of payments, goodwill, adjustments; and the house
// accounts against which every entry stands. One statement each, idempotent by its id, as in ledger.hpp.
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
#include "billing/tax.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

struct refund_request {
  std::string refund_id{};   // of the refund's origin, 1 … 200 bytes; unique over all accounts
  std::string payment_id{};  // what is given back, whole or in part
  money amount{};
  std::string currency{};  // if not empty, must be the account's
  std::string note{};
};

struct refund_answer {
  bool repeated = false;  // this refund was made before
  uuid account_id{};
  money balance_after{};           // posted credit of the account, now
  money left{};                    // of the payment, not refunded
  money debited{};                 // credit that was taken: the amount, less a tax that had come on top
  money owed{};                    // of it, what the free credit did not cover: take_back_payment only
  std::optional<tax_share> tax{};  // negative, as the entry
};

// Gives a payment back out of the free credit, at most what is left of it; `amount` is what the payer gets,
// and the tax of it goes with it: the parts' taxes add up to the payment's. error::no_payment,
// invalid_amount, wrong_currency, malformed (ids), insufficient_credit, refund_exceeds_payment,
// refund_conflict.
boost::system::result<refund_answer> refund_payment(pqxx::transaction_base& tx,
                                                    const refund_request& request);

// The same for money that its provider has given back already: it is entered whole, whatever is left of the
// credit. What the free credit lacks is borne by the house as an adjustment and noted as owed by the account
// (billing.debt_left), which is locked as by a limit against fraud, with events. Never insufficient_credit.
boost::system::result<refund_answer> take_back_payment(pqxx::transaction_base& tx,
                                                       const refund_request& request);

// What an account still owes for such refunds: less the adjustments whose reference is "debt/" and the
// refund's id.
money find_debt(pqxx::transaction_base& tx, const uuid& account_id);

enum class adjustment_kind : std::uint8_t {
  goodwill,    // a gift; only positive
  adjustment,  // what an admin puts right, either way; never more than the free credit is taken
};

// "goodwill", "adjustment": the kind of the ledger entry.
const char* to_string(adjustment_kind value);

struct adjustment_request {
  uuid account_id{};
  adjustment_kind kind = adjustment_kind::adjustment;
  money amount{};
  std::string reference{};  // the admin's, 1 … 200 bytes, not "owed/…"; once for the account and kind
  std::string note{};       // why; not empty
  std::string currency{};   // if not empty, must be the account's
  std::chrono::system_clock::time_point now{};
};

struct adjustment_answer {
  bool repeated = false;
  money balance_after{};
  std::int64_t sequence = 0;  // of the entry
};

// What is given begins a new period before it lapses. error::no_account, invalid_amount, wrong_currency,
// malformed (reference, note), insufficient_credit, reference_conflict.
boost::system::result<adjustment_answer> adjust(pqxx::transaction_base& tx,
                                                const adjustment_request& request);

// Tells every gateway, with the commit, that the account has more free credit than before (channel
// tollgate_credit, the account's id): a call of it that has the last of it asks again. Silent while no call
// holds credit. Whatever gives credit in this module calls it.
void tell_more_credit(pqxx::transaction_base& tx, const uuid& account_id);

// One house account in one currency: what all subscribers' entries against it sum up to, with the other sign.
struct house_account {
  std::string name{};  // the entries' contra
  std::string currency{};
  money balance{};
  std::int64_t entries = 0;
};

// Reads every entry: for reports, not for calls.
std::vector<house_account> list_house_accounts(pqxx::transaction_base& tx);

}  // namespace tollgate::billing
