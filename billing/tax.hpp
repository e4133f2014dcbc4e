// SPDX-License-Identifier: Apache-2.0
// Tax on top-ups and on subscriptions: rates by country and time, and the share of it in a ledger entry. The
// arithmetic is in migrations/0020_currency_and_tax.sql: whole numbers, each share rounded half up to the
// currency's smallest coin.
#pragma once

#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "billing/error.hpp"
#include "billing/money.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

using boost::uuids::uuid;

enum class tax_subject : std::uint8_t { top_up, subscription };

// "top_up", "subscription"
const char* to_string(tax_subject value);
std::optional<tax_subject> parse_tax_subject(std::string_view text);

inline constexpr int ppm_per_whole = 1'000'000;  // 19 % are 190,000 ppm

// In force from its moment on, until the next one of the same country and subject. A rate of 0 ends a tax.
struct tax_rate {
  std::string country{};  // ISO 3166 alpha-2: the account's
  tax_subject subject = tax_subject::top_up;
  std::chrono::system_clock::time_point effective_from{};
  std::string name{};     // as it stands on an invoice: "VAT"
  int rate_ppm = 0;       // 0 … 1,000,000
  bool included = false;  // prices and credit contain it; else it comes on top of them
};

// All, or those of a country, in order of country, subject and time.
std::vector<tax_rate> list_tax_rates(pqxx::transaction_base& tx,
                                     const std::optional<std::string>& country = std::nullopt);

// Records a rate; the same again changes nothing. Another one for the same moment replaces it while that lies
// in the future; then error::tax_rate_in_force. error::malformed: country, name, rate or time.
boost::system::result<void> set_tax_rate(pqxx::transaction_base& tx, const tax_rate& rate);

// error::no_tax_rate, tax_rate_in_force.
boost::system::result<void> remove_tax_rate(pqxx::transaction_base& tx, const std::string& country,
                                            tax_subject subject,
                                            std::chrono::system_clock::time_point effective_from);

// What of an entry is tax. Both amounts have the entry's sign; their sum is what was paid, charged or given
// back.
struct tax_share {
  std::string country{};
  std::string name{};
  int rate_ppm = 0;
  bool included = false;
  money net{};
  money tax{};
  money total() const { return net + tax; }
  bool operator==(const tax_share&) const = default;
};

// What a top-up costs and gives. The tax counts as it is at `at`.
struct top_up_quote {
  std::string currency{};
  money paid{};    // by the payer
  money credit{};  // what the account gets: `paid`, or without the tax where that comes on top
  std::optional<tax_share> tax{};
};

// Of a sum that is paid, and of credit that is to be bought. The second's `paid` asked for by the first gives
// the same credit and tax. error::no_account, invalid_amount.
boost::system::result<top_up_quote> quote_paid(pqxx::transaction_base& tx, const uuid& account_id, money paid,
                                               std::chrono::system_clock::time_point at);
boost::system::result<top_up_quote> quote_credit(pqxx::transaction_base& tx, const uuid& account_id,
                                                 money credit, std::chrono::system_clock::time_point at);

// Tax that is due for entries of a time: what top-ups and subscriptions brought less what was given back.
struct tax_total {
  std::string country{};
  std::string name{};
  int rate_ppm = 0;
  tax_subject subject = tax_subject::top_up;
  std::string currency{};
  money net{};
  money tax{};
  std::int64_t entries = 0;
};

// Of entries with from ≤ time < until, in order of country, name, rate, subject and currency.
std::vector<tax_total> tax_totals(pqxx::transaction_base& tx, std::chrono::system_clock::time_point from,
                                  std::chrono::system_clock::time_point until);

}  // namespace tollgate::billing
