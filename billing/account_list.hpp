// SPDX-License-Identifier: Apache-2.0
// Many accounts by one statement.
#pragma once

#include <span>
#include <vector>

#include "billing/account.hpp"

namespace tollgate::billing {

// Those of the accounts that there are, in any order; each once.
std::vector<account> find_accounts(pqxx::transaction_base& tx, std::span<const uuid> accounts);

}  // namespace tollgate::billing
