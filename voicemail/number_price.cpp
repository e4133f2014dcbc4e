// SPDX-License-Identifier: Apache-2.0
#include "voicemail/number_price.hpp"

#include <algorithm>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/account.hpp"
#include "billing/currency.hpp"
#include "voicemail/number_row.hpp"
#include "voicemail/sql.hpp"

namespace tollgate::voicemail {

using pstn::number::phone_number;

namespace {

constexpr int months_most = 120;

bool is_term(int months) {
  return months >= 1 && months <= months_most;
}

}  // namespace

boost::system::result<void> set_number_price(pqxx::transaction_base& tx, const phone_number& number, const own_price& price) {
  if (!is_term(price.months) || price.price < billing::money{} || price.price > billing::max_balance)
    return error::term_unknown;
  if (!billing::is_known_currency(tx, price.currency)) return error::currency_unknown;
  if (!lock_number(tx, number)) return error::number_unknown;
  if (price.price == billing::money{}) {
    const auto gone =
        tx.exec_params("DELETE FROM voicemail.number_price WHERE number = $1 AND currency = $2 AND months = $3",
                       number.e164(), price.currency, price.months);
    if (gone.affected_rows() == 0) return error::price_unknown;
    return {};
  }
  tx.exec_params0(
      "INSERT INTO voicemail.number_price (number, currency, months, price_micros) VALUES ($1, $2, $3, $4) ON CONFLICT "
      "(number, currency, months) DO UPDATE SET price_micros = excluded.price_micros",
      number.e164(), price.currency, price.months, price.price.micros);
  return {};
}

boost::system::result<billing::term> find_rental_term(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                                      const phone_number& number, int months) {
  if (!is_term(months)) return error::term_unknown;
  const auto account = billing::find_account(tx, account_id);
  if (!account) return error::account_unknown;
  const auto price = tx.exec_params1("SELECT voicemail.price_of($1, $2, $3)", number.e164(), account->currency, months)[0];
  if (price.is_null()) return error::term_unknown;
  return billing::term{.length = std::chrono::months{months}, .price = billing::money{price.as<std::int64_t>()}};
}

std::vector<rental_price> list_rental_prices(pqxx::transaction_base& tx, std::string_view currency,
                                             const std::optional<phone_number>& number) {
  const std::string wanted{currency};
  std::vector<rental_price> prices;
  for (const auto& term : billing::list_terms(tx, wanted))
    prices.push_back({.months = static_cast<int>(term.length.count()), .currency = wanted, .price = term.price});
  const auto found = number ? find_number(tx, *number) : std::nullopt;
  if (!found) return prices;
  for (const auto& own : found->prices) {
    if (own.currency != wanted) continue;
    const auto place = std::lower_bound(prices.begin(), prices.end(), own.months,
                                        [](const rental_price& one, int months) { return one.months < months; });
    if (place != prices.end() && place->months == own.months)
      place->price = own.price;
    else
      prices.insert(place, {.months = own.months, .currency = wanted, .price = own.price});
  }
  return prices;
}

}  // namespace tollgate::voicemail
