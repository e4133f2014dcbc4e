// SPDX-License-Identifier: Apache-2.0
// Rows of the inventory.
#include "voicemail/number_row.hpp"

#include <pqxx/result>
#include <pqxx/transaction_base>
#include <sstream>

#include "voicemail/sql.hpp"

namespace tollgate::voicemail {

using pstn::number::phone_number;

const std::string select_number =
    "SELECT number, area, trunk_id, state, account_id, order_id, coalesce(term_months, 0), paid_periods, "
    "auto_renew, "
    "voicemail_enabled, ring_timeout_s, voicemail.to_micros(reserved_until), "
    "voicemail.to_micros(paid_until), "
    "voicemail.to_micros(grace_until), voicemail.to_micros(quarantined_until), country, notices, "
    "(SELECT coalesce(string_agg(p.currency || ' ' || p.months || ' ' || p.price_micros, ';' ORDER BY p.currency, p.months), '') "
    "FROM voicemail.number_price p WHERE p.number = number.number) FROM voicemail.number";

namespace {

// As the last column above has them.
std::vector<own_price> read_prices(std::string_view text) {
  std::vector<own_price> prices;
  std::istringstream in{std::string(text)};
  for (std::string one; std::getline(in, one, ';');) {
    std::istringstream fields{one};
    own_price price;
    fields >> price.currency >> price.months >> price.price.micros;
    prices.push_back(std::move(price));
  }
  return prices;
}

}  // namespace

number_record read_number(const pqxx::row& row) {
  number_record record{.number = phone_number::parse(row[0].c_str()).value(),
                       .area = row[1].c_str(),
                       .trunk_id = sql::optional_uuid(row[2]),
                       .state = parse_number_state(row[3].c_str()).value_or(number_state::ported_out),
                       .account_id = sql::optional_uuid(row[4]),
                       .order_id = sql::optional_uuid(row[5]),
                       .term_months = row[6].as<int>(),
                       .paid_periods = row[7].as<int>(),
                       .auto_renew = row[8].as<bool>(),
                       .voicemail_enabled = row[9].as<bool>(),
                       .ring_timeout = std::nullopt,
                       .dates = {.reserved_until = sql::optional_time(row[11]),
                                 .paid_until = sql::optional_time(row[12]),
                                 .grace_until = sql::optional_time(row[13]),
                                 .quarantined_until = sql::optional_time(row[14])},
                       .country = row[15].c_str(),
                       .notices = row[16].as<int>(),
                       .prices = read_prices(row[17].c_str())};
  if (!row[10].is_null()) record.ring_timeout = std::chrono::seconds{row[10].as<int>()};
  return record;
}

std::optional<number_record> lock_number(pqxx::transaction_base& tx, const phone_number& number) {
  const auto rows = tx.exec_params(select_number + " WHERE number = $1 FOR UPDATE", number.e164());
  if (rows.empty()) return std::nullopt;
  return read_number(rows[0]);
}

bool open_to(const number_record& number, const boost::uuids::uuid& account_id,
             system_clock::time_point now) {
  switch (number.state) {
    case number_state::available:
      return true;
    case number_state::reserved:
      return number.account_id == account_id || !number.dates.reserved_until ||
             *number.dates.reserved_until <= now;
    case number_state::quarantined:
      return number.account_id == account_id;
    case number_state::assigned:
    case number_state::grace:
    case number_state::ported_out:
    case number_state::withdrawn:
      return false;
  }
  return false;
}

void quarantine(pqxx::transaction_base& tx, const phone_number& number, system_clock::time_point until) {
  tx.exec_params(
      "UPDATE voicemail.number SET state = 'quarantined', quarantined_until = voicemail.to_time($2), "
      "paid_until = NULL, grace_until = NULL WHERE number = $1",
      number.e164(), sql::micros(until));
}

void return_to_stock(pqxx::transaction_base& tx, const phone_number& number) {
  leave_stock(tx, number, number_state::available);
}

void leave_stock(pqxx::transaction_base& tx, const phone_number& number, number_state state) {
  tx.exec_params("DELETE FROM voicemail.inbound_rules WHERE number = $1", number.e164());  // the next owner's are others
  tx.exec_params(
      "UPDATE voicemail.number SET state = $2, notices = 0, account_id = NULL, order_id = NULL, term_months = "
      "NULL, "
      "anchor = NULL, paid_periods = 0, paid_until = NULL, reserved_until = NULL, grace_until = NULL, "
      "quarantined_until = NULL, auto_renew = true, voicemail_enabled = true, ring_timeout_s = NULL WHERE "
      "number = $1",
      number.e164(), std::string{to_text(state)});
}

}  // namespace tollgate::voicemail
