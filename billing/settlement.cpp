// SPDX-License-Identifier: Apache-2.0
// The end of a call: settlement, records of calls without a hold, and what becomes of abandoned holds.
#include <pqxx/result>
#include <pqxx/transaction_base>
#include <stdexcept>

#include "billing/ledger.hpp"
#include "billing/sql.hpp"
#include "billing/stop_row.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

settle_status settle_status_of(const std::string& text) {
  if (text == "settled") return settle_status::settled;
  if (text == "repeated") return settle_status::repeated;
  if (text == "corrected") return settle_status::corrected;
  if (text == "unknown_call") return settle_status::unknown_call;
  throw std::logic_error("billing: settle answered '" + text + "'");
}

// For the column of the record: it reads this setting of the transaction (migrations/0070_carrier_of_record.sql). A list of
// results is computed in its order.
std::string carrier_text(const stop_record& record) {
  return record.carrier_id ? sql::text_of(*record.carrier_id) : std::string();
}

}  // namespace

settlement settle(pqxx::transaction_base& tx, const stop_record& record) {
  const auto row =
      sql::prepared_row(tx, "billing.settle", "SELECT set_config('billing.carrier_id', $4, true), billing.settle($1, $2, $3::billing.stop)",
                        sql::text_of(record.account_id), sql::text_of(record.call_id), to_row(record),
                        carrier_text(record));
  sql::step_answer answer(row[1].as<std::string>());
  settlement out;
  out.status = settle_status_of(answer.text());
  out.charged = answer.amount();
  out.billed = std::chrono::seconds{answer.number()};
  out.balance_after = answer.amount();
  return out;
}

boost::system::result<record_status> record_call(pqxx::transaction_base& tx, const stop_record& record) {
  const auto row = tx.exec_params1("SELECT set_config('billing.carrier_id', $5, true), "
                                   "billing.record_call($1, $2, $3::billing.stop, $4)",
                                   sql::text_of(record.account_id), sql::text_of(record.call_id),
                                   to_row(record), clean_text(record.caller_verdict), carrier_text(record));
  const auto status = row[1].as<std::string>();
  if (status == "recorded") return record_status::recorded;
  if (status == "repeated") return record_status::repeated;
  return sql::error_of(status);
}

std::size_t reap_holds(pqxx::transaction_base& tx, std::chrono::seconds grace, int limit) {
  return tx.exec_params1("SELECT billing.reap_holds($1, $2)", sql::int_of(grace), limit)[0].as<std::size_t>();
}

std::size_t settle_orphans(pqxx::transaction_base& tx, const std::string& node,
                           const uuid& gateway_instance) {
  return tx
      .exec_params1("SELECT billing.settle_orphans($1, $2)", clean_text(node),
                    sql::text_of(gateway_instance))[0]
      .as<std::size_t>();
}

}  // namespace tollgate::billing
