// SPDX-License-Identifier: Apache-2.0
// An account's statement over a time: credit before and after, sums by kind of entry, and the tax in them.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "billing/account.hpp"
#include "billing/tax.hpp"

namespace tollgate::billing {

struct statement_total {
  std::string kind{};  // as entry::kind
  money amount{};
  std::int64_t entries = 0;
};

struct statement_tax {
  std::string kind{};
  tax_share share{};  // sums of the entries' shares: rounded once each, never again
  std::int64_t entries = 0;
};

struct statement {
  std::string currency{};
  money opening{};  // posted credit before the first entry
  money closing{};  // and after the last: opening plus all amounts
  std::int64_t first_sequence = 0;
  std::int64_t last_sequence = 0;  // both 0: no entry
  std::vector<statement_total> totals{};
  std::vector<statement_tax> taxes{};  // by kind, country, name and rate
};

// Over the entries with from ≤ time < until. error::no_account
boost::system::result<statement> make_statement(pqxx::transaction_base& tx, const uuid& account_id,
                                                std::chrono::system_clock::time_point from,
                                                std::chrono::system_clock::time_point until);

}  // namespace tollgate::billing
