// SPDX-License-Identifier: Apache-2.0
// Prices of single numbers, which go before the general ones (billing/subscription.hpp) in the same currency and length. They stay
// with the number, whoever rents it, and count from the next charge on. In PostgreSQL (schema voicemail), within the caller's
// transaction.
#pragma once

#include <boost/system/result.hpp>
#include <optional>
#include <string>

#include "billing/money.hpp"
#include "billing/subscription.hpp"
#include "pstn/number/phone_number.hpp"
#include "voicemail/error.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::voicemail {

struct own_price {
  int months = 3;  // 1–120
  std::string currency{};
  billing::money price{};

  bool operator==(const own_price&) const = default;
};

// What is searched for.
struct price_range {
  std::string currency{};
  int months = 3;
  billing::money least{};
  billing::money most = billing::max_balance;
};

// In place of the one before; a price of 0 removes it. error::number_unknown, currency_unknown, price_unknown (none to remove),
// term_unknown (a senseless length, or price).
boost::system::result<void> set_number_price(pqxx::transaction_base& tx, const pstn::number::phone_number& number,
                                             const own_price& price);

// What a term of the number costs in the account's currency. error::account_unknown, term_unknown.
boost::system::result<billing::term> find_rental_term(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                                      const pstn::number::phone_number& number, int months);

}  // namespace tollgate::voicemail
