// SPDX-License-Identifier: Apache-2.0
// Expected failures of the billing module, as a boost::system error category.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstdint>
#include <type_traits>

namespace tollgate::billing {

enum class error : std::uint8_t {
  no_account = 1,       // the account does not exist
  account_conflict,     // the account exists with another currency, country or deck
  account_blocked,      // an operator has blocked the account
  insufficient_credit,  // less free credit (posted − held) than the step needs
  invalid_amount,       // not positive, or beyond what an account can hold
  below_minimum,        // less than the least top-up
  wrong_currency,       // amounts of different currencies were about to meet
  payment_conflict,     // the payment id was used before for another amount or account
  period_conflict,  // the subscription's period was charged before at another price, or is not the next one
  no_term,          // no such subscription term in this currency
  no_deck,          // no rate deck of that name is in force at that time
  deck_invalid,     // the rate deck has errors; nothing was imported
  hold_exists,      // a call with a live hold must be settled, not merely recorded
  malformed,        // text that is not what it should be (money, stop record)
};

// Stable lower-case code for machines, as used in answers of the API ("insufficient_credit").
const char* code_of(error value);

boost::system::error_code make_error_code(error value);

}  // namespace tollgate::billing

template <>
struct boost::system::is_error_code_enum<tollgate::billing::error> : std::true_type {};
