// SPDX-License-Identifier: Apache-2.0
// Conversions between billing's values and PostgreSQL's text format. Private to the module.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <pqxx/connection>
#include <pqxx/result>
#include <pqxx/transaction_base>
#include <span>
#include <string>
#include <utility>

#include "billing/error.hpp"
#include "billing/money.hpp"

namespace tollgate::billing::sql {

std::string text_of(const boost::uuids::uuid& id);
// As an array's text: "{…,…}".
std::string array_of(std::span<const boost::uuids::uuid> ids);
boost::uuids::uuid uuid_of(const pqxx::field& field);
boost::uuids::uuid uuid_of_text(const std::string& text);
money money_of(const pqxx::field& field);
std::chrono::seconds seconds_of(const pqxx::field& field);
// A duration as a whole number of seconds that fits the column type int.
std::int32_t int_of(std::chrono::seconds value);

// From a column written as `sql::micros_since_epoch`; null: nothing.
std::optional<std::chrono::system_clock::time_point> time_of(const pqxx::field& field);

// Runs a statement that has exactly one row, prepared once a connection under this name: the ledger's steps
// are asked for thousands of times a second, and planning them anew would cost as much as a third of them.
template <typename... Values>
pqxx::row prepared_row(pqxx::transaction_base& tx, const char* name, const char* text,
                       const Values&... values) {
  tx.conn().prepare(name, text);  // nothing if it is known
  return tx.exec_prepared1(name, values...);
}

// What a step of the ledger answers: values in one text, parted by commas (none of them contains one). Such
// an answer costs PostgreSQL a third less than a row does. Throws std::logic_error if there are fewer than
// asked for.
class step_answer {
 public:
  explicit step_answer(std::string text) : text_(std::move(text)) {}
  std::string text();
  std::int64_t number();
  money amount() { return {number()}; }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

// The error of a status text that a billing function returned. Throws std::logic_error for a text that is
// none: then the schema and this program do not belong together.
error error_of(const std::string& status);

}  // namespace tollgate::billing::sql
