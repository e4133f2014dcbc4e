// SPDX-License-Identifier: Apache-2.0
// Expected failures of the billing module, as a boost::system error category.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstdint>
#include <type_traits>

namespace tollgate::billing {

enum class error : std::uint8_t {
  no_account = 1,             // the account does not exist
  account_conflict,           // the account exists with another currency, country or deck
  account_blocked,            // an operator has blocked the account
  insufficient_credit,        // less free credit (posted − held) than the step needs
  invalid_amount,             // not positive, or beyond what an account can hold
  below_minimum,              // less than the least top-up
  wrong_currency,             // amounts of different currencies were about to meet
  unknown_currency,           // it is none of ISO 4217
  payment_account_conflict,   // the payment id was used before, for another account
  payment_amount_conflict,    // the payment id was used before, for another amount
  payment_currency_conflict,  // the payment id was used before, for another currency
  no_payment,                 // there is no payment of that id
  refund_conflict,            // the refund's id was used before for another amount or payment
  refund_exceeds_payment,     // more than what is left of the payment
  reference_conflict,         // the reference was used before for another amount
  nothing_inactive,           // the account has no inactive credit
  voucher_unknown,            // no voucher has this PIN
  voucher_used,               // another account has redeemed it
  voucher_expired,            // its time is over
  voucher_revoked,            // its batch was called back
  voucher_locked,             // too many wrong PINs: wait
  batch_exists,               // the id of the voucher batch is taken
  no_charge,                  // this period of the subscription was not charged
  nothing_unused,             // no whole day of the period is left
  no_batch,                   // there is no such voucher batch
  period_conflict,    // the subscription's period was charged before at another price, or is not the next one
  no_tax_rate,        // there is no such tax rate
  tax_rate_in_force,  // a tax rate that is in force, or was, stays as it is
  no_term,            // no such subscription term in this currency
  no_deck,            // no rate deck of that name is in force at that time
  deck_invalid,       // the rate deck has errors; nothing was imported
  hold_exists,        // a call with a live hold must be settled, not merely recorded
  malformed,          // text that is not what it should be (money, stop record)
};

// Stable lower-case code for machines, as used in answers of the API ("insufficient_credit").
const char* code_of(error value);

boost::system::error_code make_error_code(error value);

}  // namespace tollgate::billing

template <>
struct boost::system::is_error_code_enum<tollgate::billing::error> : std::true_type {};
