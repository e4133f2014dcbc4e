// SPDX-License-Identifier: Apache-2.0
// Where an account is at home.
#pragma once

#include <boost/system/result.hpp>
#include <string>

#include "billing/account.hpp"
#include "billing/error.hpp"

namespace tollgate::billing {

// The country by whose rules an account is taxed and its credit lapses, from its next charge on. error::no_account, malformed.
boost::system::result<void> set_country(pqxx::transaction_base& tx, const uuid& account_id, const std::string& country);

}  // namespace tollgate::billing
