// SPDX-License-Identifier: Apache-2.0
// The currencies that accounts, decks, terms and vouchers can be in (ISO 4217), and what is set by currency.
// Nothing is converted from one to another, ever.
#pragma once

#include <boost/system/result.hpp>
#include <optional>
#include <string>
#include <vector>

#include "billing/error.hpp"
#include "billing/money.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

struct currency {
  std::string code{};
  int decimals = 2;                     // of its smallest coin: taxes are rounded to it
  std::optional<money> least_top_up{};  // none: the gateway's own
};

// By code.
std::vector<currency> list_currencies(pqxx::transaction_base& tx);

bool is_known_currency(pqxx::transaction_base& tx, const std::string& code);

// The least top-up of accounts in this currency; nothing: the gateway's own again. error::unknown_currency,
// invalid_amount.
boost::system::result<void> set_least_top_up(pqxx::transaction_base& tx, const std::string& code,
                                             std::optional<money> least);

}  // namespace tollgate::billing
