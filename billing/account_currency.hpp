// SPDX-License-Identifier: Apache-2.0
// In what an account is kept.
#pragma once

#include <string>

#include "billing/account.hpp"

namespace tollgate::billing {

// ISO 4217, for ever; empty: there is no such account.
std::string currency_of(pqxx::transaction_base& tx, const uuid& account_id);

}  // namespace tollgate::billing
