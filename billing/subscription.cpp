// SPDX-License-Identifier: Apache-2.0
// Terms and their charges.
#include "billing/subscription.hpp"

#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/currency.hpp"
#include "billing/credit.hpp"
#include "billing/sql.hpp"
#include "billing/tax_row.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

term term_of(const pqxx::row& row) {
  return {.length = std::chrono::months{row[0].as<int>()}, .price = sql::money_of(row[1])};
}

}  // namespace

std::vector<term> list_terms(pqxx::transaction_base& tx, const std::string& currency) {
  std::vector<term> terms;
  if (!is_currency(currency)) return terms;
  for (const auto& row : tx.exec_params(
           "SELECT months, price_micros FROM billing.subscription_term WHERE currency = $1 ORDER BY months",
           currency))
    terms.push_back(term_of(row));
  return terms;
}

boost::system::result<void> set_term(pqxx::transaction_base& tx, const std::string& currency,
                                     std::chrono::months length, money price) {
  constexpr int longest_term = 120;
  if (price < money{} || price > max_balance || length.count() < 1 || length.count() > longest_term)
    return error::invalid_amount;
  if (!is_known_currency(tx, currency)) return error::unknown_currency;
  const int months = static_cast<int>(length.count());
  if (price == money{}) {
    const auto gone = tx.exec_params(
        "DELETE FROM billing.subscription_term WHERE currency = $1 AND months = $2", currency, months);
    if (gone.affected_rows() == 0) return error::no_term;
    return {};
  }
  tx.exec_params0(
      "INSERT INTO billing.subscription_term (currency, months, price_micros) VALUES ($1, $2, $3) ON "
      "CONFLICT "
      "(currency, months) DO UPDATE SET price_micros = excluded.price_micros",
      currency, months, price.micros);
  return {};
}

boost::system::result<term> find_term(pqxx::transaction_base& tx, const uuid& account_id,
                                      std::chrono::months length) {
  const auto rows = tx.exec_params(
      "SELECT t.months, t.price_micros FROM billing.account a LEFT JOIN billing.subscription_term t ON "
      "t.currency = a.currency AND "
      "t.months = $2 WHERE a.account_id = $1",
      sql::text_of(account_id), static_cast<int>(length.count()));
  if (rows.empty()) return error::no_account;
  if (rows[0][0].is_null()) return error::no_term;
  return term_of(rows[0]);
}

boost::system::result<subscription_answer> charge_subscription(pqxx::transaction_base& tx,
                                                               const subscription_charge& charge) {
  if (charge.sold.price <= money{} || charge.sold.price > max_balance ||
      charge.sold.length < std::chrono::months{1})
    return error::invalid_amount;
  const auto row = tx.exec_params1(
      "SELECT status, balance_after, charged, " + sql::tax_columns("tax") +
          " FROM billing.charge_subscription($1, $2, $3, $4, $5, $6, coalesce(nullif($7, '')::timestamptz, "
          "now()))",
      sql::text_of(charge.account_id), sql::text_of(charge.subscription_id), charge.period,
      static_cast<int>(charge.sold.length.count()), charge.sold.price.micros, clean_text(charge.note),
      charge.at ? iso_time(*charge.at) : std::string{});
  const auto status = row[0].as<std::string>();
  if (status != "charged" && status != "repeated") return sql::error_of(status);
  return subscription_answer{
      .status = status == "charged" ? subscription_status::charged : subscription_status::repeated,
      .balance_after = sql::money_of(row[1]),
      .charged = sql::money_of(row[2]),
      .tax = sql::tax_of(row, 3)};
}

std::optional<period_charge> find_charge(pqxx::transaction_base& tx, const uuid& account_id,
                                         const uuid& subscription_id, int period) {
  const auto rows = tx.exec_params(
      "SELECT s.price_micros, coalesce(s.charged_micros, s.price_micros), " + sql::tax_columns("e.tax") +
          " FROM billing.subscription_charge s JOIN billing.entry e USING (account_id, sequence) WHERE "
          "account_id = $1 AND subscription_id = $2 AND period = $3",
      sql::text_of(account_id), sql::text_of(subscription_id), period);
  if (rows.empty()) return std::nullopt;
  return period_charge{.price = sql::money_of(rows[0][0]),
                       .charged = sql::money_of(rows[0][1]),
                       .tax = sql::tax_of(rows[0], 2)};
}

boost::system::result<subscription_refund_answer> refund_subscription(pqxx::transaction_base& tx,
                                                                      const subscription_refund& refund) {
  const auto row = tx.exec_params1(
      "SELECT status, amount, balance_after FROM billing.refund_subscription($1, $2, $3, $4, $5, $6, "
      "($7::timestamptz AT TIME ZONE 'UTC')::date)",
      sql::text_of(refund.account_id), sql::text_of(refund.subscription_id), refund.period,
      refund.unused_days, refund.period_days, clean_text(refund.note), iso_time(refund.now));
  const auto status = row[0].as<std::string>();
  if (status != "refunded" && status != "repeated") return sql::error_of(status);
  if (status == "refunded") tell_more_credit(tx, refund.account_id);
  return subscription_refund_answer{.repeated = status == "repeated",
                                    .amount = sql::money_of(row[1]),
                                    .balance_after = sql::money_of(row[2])};
}

}  // namespace tollgate::billing
