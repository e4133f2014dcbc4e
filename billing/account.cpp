// SPDX-License-Identifier: Apache-2.0
// Rows of billing.account.
#include "billing/account.hpp"
#include "billing/account_country.hpp"
#include "billing/account_currency.hpp"

#include <algorithm>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/account_list.hpp"
#include "billing/currency.hpp"
#include "billing/sql.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

constexpr std::size_t longest_deck_name = 100;

bool is_country(const std::string& text) {
  return text.size() == 2 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

const std::string select_account =
    "SELECT currency, country, deck, posted_micros, held_micros, blocked, last_sequence, own_deck, account_id FROM billing.account WHERE "
    "account_id";

account account_of(const pqxx::row& row) {
  return account{.account_id = sql::uuid_of(row[8]),
                 .currency = row[0].as<std::string>(),
                 .country = row[1].as<std::string>(),
                 .deck = row[2].as<std::string>(),
                 .own_deck = row[7].is_null() ? std::nullopt : std::optional(row[7].as<std::string>()),
                 .credit = {.posted = sql::money_of(row[3]), .held = sql::money_of(row[4])},
                 .blocked = row[5].as<bool>(),
                 .last_sequence = row[6].as<std::int64_t>()};
}

}  // namespace

boost::system::result<void> create_account(pqxx::transaction_base& tx, const uuid& account_id,
                                           const std::string& currency, const std::string& country,
                                           const std::string& deck) {
  if (!is_currency(currency) || !is_country(country) || deck.empty() || deck.size() > longest_deck_name ||
      !is_clean(deck))
    return error::malformed;
  if (!is_known_currency(tx, currency)) return error::unknown_currency;
  const auto other = tx.exec_params(
      "SELECT FROM billing.deck WHERE deck = $1 AND (currency <> $2 OR kind <> 'sell')", deck, currency);
  if (!other.empty()) return error::wrong_currency;
  const auto id = sql::text_of(account_id);
  const auto made = tx.exec_params(
      "INSERT INTO billing.account (account_id, currency, country, deck) VALUES ($1, $2, $3, $4) ON CONFLICT "
      "DO NOTHING",
      id, currency, country, deck);
  if (made.affected_rows() == 1) return {};
  const auto row =
      tx.exec_params1("SELECT currency, country, deck FROM billing.account WHERE account_id = $1", id);
  const bool same = row[0].as<std::string>() == currency && row[1].as<std::string>() == country &&
                    row[2].as<std::string>() == deck;
  if (!same) return error::account_conflict;
  return {};
}

std::vector<account> find_accounts(pqxx::transaction_base& tx, std::span<const uuid> accounts) {
  std::vector<account> found;
  for (const auto& row : tx.exec_params(select_account + " = ANY($1::uuid[])", sql::array_of(accounts)))
    found.push_back(account_of(row));
  return found;
}

boost::system::result<account> find_account(pqxx::transaction_base& tx, const uuid& account_id) {
  const auto rows = tx.exec_params(select_account + " = $1", sql::text_of(account_id));
  if (rows.empty()) return error::no_account;
  return account_of(rows[0]);
}

boost::system::result<balance> find_balance(pqxx::transaction_base& tx, const uuid& account_id) {
  const auto rows =
      tx.exec_params("SELECT posted_micros, held_micros FROM billing.account WHERE account_id = $1",
                     sql::text_of(account_id));
  if (rows.empty()) return error::no_account;
  return balance{.posted = sql::money_of(rows[0][0]), .held = sql::money_of(rows[0][1])};
}

boost::system::result<void> set_blocked(pqxx::transaction_base& tx, const uuid& account_id, bool blocked) {
  const auto changed = tx.exec_params("UPDATE billing.account SET blocked = $2 WHERE account_id = $1",
                                      sql::text_of(account_id), blocked);
  if (changed.affected_rows() == 0) return error::no_account;
  return {};
}

std::string currency_of(pqxx::transaction_base& tx, const uuid& account_id) {
  const auto rows = tx.exec_params("SELECT currency FROM billing.account WHERE account_id = $1", sql::text_of(account_id));
  return rows.empty() ? std::string() : rows[0][0].as<std::string>();
}

boost::system::result<void> set_country(pqxx::transaction_base& tx, const uuid& account_id, const std::string& country) {
  if (!is_country(country)) return error::malformed;
  const auto changed = tx.exec_params("UPDATE billing.account SET country = $2 WHERE account_id = $1", sql::text_of(account_id), country);
  if (changed.affected_rows() == 0) return error::no_account;
  return {};
}

boost::system::result<void> set_decks(pqxx::transaction_base& tx, const uuid& account_id,
                                      const std::optional<std::string>& plan,
                                      const std::optional<std::string>& own) {
  const auto rows =
      tx.exec_params("SELECT currency FROM billing.account WHERE account_id = $1 FOR NO KEY UPDATE",
                     sql::text_of(account_id));
  if (rows.empty()) return error::no_account;
  for (const auto* name : {&plan, &own}) {
    if (!*name || (name == &own && (*name)->empty())) continue;
    const auto deck = tx.exec_params("SELECT currency FROM billing.deck WHERE deck = $1 AND kind = 'sell'",
                                     clean_text(**name, longest_deck_name));
    if (deck.empty()) return error::no_deck;
    if (deck[0][0].as<std::string>() != rows[0][0].as<std::string>()) return error::wrong_currency;
  }
  if (plan)
    tx.exec_params0("UPDATE billing.account SET deck = $2 WHERE account_id = $1", sql::text_of(account_id),
                    *plan);
  if (own)
    tx.exec_params0("UPDATE billing.account SET own_deck = nullif($2, '') WHERE account_id = $1",
                    sql::text_of(account_id), *own);
  return {};
}

}  // namespace tollgate::billing
