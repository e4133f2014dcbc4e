// SPDX-License-Identifier: Apache-2.0
// Conversions of single values.
#include "billing/sql.hpp"

#include <algorithm>
#include <array>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <charconv>
#include <limits>
#include <stdexcept>
#include <system_error>

namespace tollgate::billing::sql {

std::string text_of(const boost::uuids::uuid& id) {
  return boost::uuids::to_string(id);
}

std::string array_of(std::span<const boost::uuids::uuid> ids) {
  std::string text = "{";
  for (const auto& id : ids)
    text += (text.size() > 1 ? "," : "") + text_of(id);
  return text + "}";
}

boost::uuids::uuid uuid_of_text(const std::string& text) {
  return boost::uuids::string_generator{}(text);
}

boost::uuids::uuid uuid_of(const pqxx::field& field) {
  return uuid_of_text(field.c_str());
}

money money_of(const pqxx::field& field) {
  return {field.as<std::int64_t>()};
}

std::chrono::seconds seconds_of(const pqxx::field& field) {
  return std::chrono::seconds{field.as<std::int64_t>()};
}

std::int32_t int_of(std::chrono::seconds value) {
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(value.count(), 0, std::numeric_limits<std::int32_t>::max()));
}

std::optional<std::chrono::system_clock::time_point> time_of(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return std::chrono::system_clock::time_point{std::chrono::microseconds{field.as<std::int64_t>()}};
}

std::string step_answer::text() {
  if (at_ > text_.size()) throw std::logic_error("billing: the database answered '" + text_ + "'");
  const auto end = std::min(text_.find(',', at_), text_.size());
  auto value = text_.substr(at_, end - at_);
  at_ = end + 1;
  return value;
}

std::int64_t step_answer::number() {
  const auto value = text();
  std::int64_t out = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (failed != std::errc{} || end != value.data() + value.size())
    throw std::logic_error("billing: the database answered '" + text_ + "'");
  return out;
}

error error_of(const std::string& status) {
  static constexpr std::array known{error::no_account,
                                    error::account_conflict,
                                    error::account_blocked,
                                    error::insufficient_credit,
                                    error::invalid_amount,
                                    error::below_minimum,
                                    error::wrong_currency,
                                    error::payment_account_conflict,
                                    error::payment_amount_conflict,
                                    error::payment_currency_conflict,
                                    error::no_payment,
                                    error::refund_conflict,
                                    error::refund_exceeds_payment,
                                    error::reference_conflict,
                                    error::nothing_inactive,
                                    error::no_charge,
                                    error::nothing_unused,
                                    error::period_conflict,
                                    error::hold_exists};
  const auto found =
      std::find_if(known.begin(), known.end(), [&](error value) { return status == code_of(value); });
  if (found == known.end()) throw std::logic_error("billing: the database answered '" + status + "'");
  return *found;
}

}  // namespace tollgate::billing::sql
