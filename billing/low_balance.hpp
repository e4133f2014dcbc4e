// SPDX-License-Identifier: Apache-2.0
// From which credit on an account counts as low: falling below it is an event (gateway.event_outbox), written with the entry that did
// it.
#pragma once

#include <boost/system/result.hpp>

#include "billing/account.hpp"

namespace tollgate::billing {

struct low_balance_mark {
  money amount{};  // 0: no credit is low
  std::string currency{};
};

// error::no_account
boost::system::result<low_balance_mark> find_low_balance(pqxx::transaction_base& tx, const uuid& account_id);
// Of an account without one of its own it is a fifth of the least top-up of its currency. error::no_account, invalid_amount below 0.
boost::system::result<low_balance_mark> set_low_balance(pqxx::transaction_base& tx, const uuid& account_id, money amount);

}  // namespace tollgate::billing
