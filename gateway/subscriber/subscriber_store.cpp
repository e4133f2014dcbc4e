// SPDX-License-Identifier: Apache-2.0
// The table gateway.subscriber.
#include "gateway/subscriber/subscriber_store.hpp"

#include <algorithm>

#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <pqxx/result>
#include <pqxx/row>
#include <pqxx/transaction_base>

#include "gateway/subscriber/subscriber_row.hpp"

namespace tollgate::gateway::subscriber {
namespace {

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_display_name_bytes = 256;
constexpr std::size_t longest_display_name = 100;  // characters
constexpr auto ring_least = std::chrono::seconds(5), ring_most = std::chrono::seconds(120);

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_region(std::string_view text) {
  return text.size() == 2 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_display_name(std::string_view text) {
  const auto characters = std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return text.size() <= longest_display_name_bytes &&
         static_cast<std::size_t>(characters) <= longest_display_name &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

boost::system::result<subscriber_record> only(const pqxx::result& rows) {
  if (rows.empty()) return make_error_code(errc::no_subscriber);
  return record_of(rows[0]);
}

std::vector<subscriber_record> all_of(const pqxx::result& rows) {
  std::vector<subscriber_record> list;
  for (const auto& row : rows)
    list.push_back(record_of(row));
  return list;
}

int limit_of(const subscriber_page& page) {
  return std::clamp(page.limit, 1, 1'000);
}

// Microseconds since 1970 and an id: an interval counts them exactly.
constexpr const char* age_parameters = "(timestamptz 'epoch' + $1::bigint * interval '1 microsecond', $2::uuid)";

}  // namespace

const char* to_string(subscriber_status value) noexcept {
  switch (value) {
    case subscriber_status::active:
      return "active";
    case subscriber_status::blocked:
      return "blocked";
    case subscriber_status::closed:
      return "closed";
  }
  return "closed";
}

std::optional<subscriber_status> parse_status(std::string_view text) noexcept {
  for (const auto value : {subscriber_status::active, subscriber_status::blocked, subscriber_status::closed})
    if (text == to_string(value)) return value;
  return std::nullopt;
}

boost::system::result<std::string> fold_name(std::string_view name) {
  std::string folded(name.substr(0, longest_name + 1));
  for (char& c : folded)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const bool sound = !folded.empty() && folded.size() <= longest_name && is_letter_or_digit(folded.front()) &&
                     is_letter_or_digit(folded.back()) &&
                     std::all_of(folded.begin(), folded.end(), [](char c) {
                       return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
                     });
  if (!sound) return make_error_code(errc::name_malformed);
  return folded;
}

subscriber_record record_of(const pqxx::row& row) {
  subscriber_record record;
  record.account_id = boost::uuids::string_generator()(row["account_id"].as<std::string>());
  record.name = row["name"].as<std::string>();
  record.region = row["region"].as<std::string>();
  record.display_name = row["display_name"].as<std::string>();
  record.status = parse_status(row["status"].as<std::string>()).value_or(subscriber_status::closed);
  record.ring_timeout = std::chrono::seconds(row["ring_timeout_s"].as<int>());
  record.created_at = std::chrono::system_clock::time_point(
      std::chrono::microseconds(row["created_micros"].as<std::int64_t>()));
  record.credential_generation = row["credential_generation"].as<std::int64_t>();
  return record;
}

boost::system::result<subscriber_record> create_subscriber(pqxx::transaction_base& tx,
                                                           const new_subscriber& wanted) {
  const auto name = fold_name(wanted.name);
  if (!name) return name.error();
  if (!is_region(wanted.region)) return make_error_code(errc::region_malformed);
  if (!is_display_name(wanted.display_name) || wanted.ring_timeout < ring_least ||
      wanted.ring_timeout > ring_most)
    return make_error_code(errc::setting_out_of_range);
  const auto rows =
      tx.exec_params(std::string("INSERT INTO gateway.subscriber (account_id, name, passphrase_hash, region, "
                                 "display_name, ring_timeout_s) "
                                 "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING RETURNING ") +
                         record_columns,
                     to_string(wanted.account_id), *name, wanted.passphrase_hash, wanted.region,
                     wanted.display_name, static_cast<int>(wanted.ring_timeout.count()));
  if (rows.empty()) return make_error_code(errc::name_taken);
  return record_of(rows[0]);
}

boost::system::result<subscriber_record> find_subscriber(pqxx::transaction_base& tx, const uuid& account_id) {
  return only(tx.exec_params(
      std::string("SELECT ") + record_columns + " FROM gateway.subscriber WHERE account_id = $1",
      to_string(account_id)));
}

boost::system::result<subscriber_record> find_subscriber(pqxx::transaction_base& tx, std::string_view name) {
  const auto folded = fold_name(name);
  if (!folded) return make_error_code(errc::no_subscriber);
  return only(tx.exec_params(
      std::string("SELECT ") + record_columns + " FROM gateway.subscriber WHERE name = $1", *folded));
}

boost::system::result<subscriber_record> revoke_credentials(pqxx::transaction_base& tx, const uuid& account_id) {
  return only(tx.exec_params(std::string("UPDATE gateway.subscriber SET credential_generation = credential_generation + 1 "
                                         "WHERE account_id = $1 RETURNING ") +
                                 record_columns,
                             to_string(account_id)));
}

std::vector<subscriber_record> find_subscribers(pqxx::transaction_base& tx, const std::vector<uuid>& account_ids) {
  std::string ids = "{";
  for (const uuid& each : account_ids)
    ids += (ids.size() > 1 ? "," : "") + to_string(each);
  std::vector<subscriber_record> found;
  for (const auto& row : tx.exec_params(
           std::string("SELECT ") + record_columns + " FROM gateway.subscriber WHERE account_id = ANY ($1::uuid[])", ids + "}"))
    found.push_back(record_of(row));
  return found;
}

std::vector<subscriber_record> list_subscribers(pqxx::transaction_base& tx, int limit,
                                                const std::string& after) {
  return list_subscribers_by_name(tx, {.limit = limit}, after);
}

std::vector<subscriber_record> list_subscribers_by_name(pqxx::transaction_base& tx, const subscriber_page& page,
                                                        const std::optional<std::string>& from) {
  const std::string where = !from ? " WHERE $1 = ''" : page.descending ? " WHERE name < $1" : " WHERE name > $1";
  return all_of(tx.exec_params(std::string("SELECT ") + record_columns + " FROM gateway.subscriber" + where + " ORDER BY name" +
                                   (page.descending ? " DESC" : "") + " LIMIT $2",
                               from.value_or(""), limit_of(page)));
}

std::vector<subscriber_record> list_subscribers_by_age(pqxx::transaction_base& tx, const subscriber_page& page,
                                                       const std::optional<subscriber_age>& from) {
  const auto micros = from ? std::chrono::floor<std::chrono::microseconds>(from->created_at.time_since_epoch()).count() : 0;
  const std::string where = !from             ? " WHERE $1::bigint = 0 AND $2::uuid IS NOT NULL"
                            : page.descending ? std::string(" WHERE (created_at, account_id) < ") + age_parameters
                                              : std::string(" WHERE (created_at, account_id) > ") + age_parameters;
  const std::string direction = page.descending ? " DESC" : "";
  return all_of(tx.exec_params(std::string("SELECT ") + record_columns + " FROM gateway.subscriber" + where + " ORDER BY created_at" +
                                   direction + ", account_id" + direction + " LIMIT $3",
                               micros, to_string(from ? from->account_id : uuid{}), limit_of(page)));
}

boost::system::result<subscriber_record> change_subscriber(pqxx::transaction_base& tx, const uuid& account_id,
                                                           const subscriber_change& change) {
  if (change.region && !is_region(*change.region)) return make_error_code(errc::region_malformed);
  if ((change.display_name && !is_display_name(*change.display_name)) ||
      (change.ring_timeout && (*change.ring_timeout < ring_least || *change.ring_timeout > ring_most)))
    return make_error_code(errc::setting_out_of_range);
  std::optional<std::string> status;
  if (change.status) status = to_string(*change.status);
  std::optional<int> ring_timeout_s;
  if (change.ring_timeout) ring_timeout_s = static_cast<int>(change.ring_timeout->count());
  const auto given = [](const std::optional<std::string>& text) { return text ? text->c_str() : nullptr; };
  return only(tx.exec_params(
      std::string("UPDATE gateway.subscriber SET region = coalesce($2, region), display_name = coalesce($3, "
                  "display_name), "
                  "passphrase_hash = coalesce($4, passphrase_hash), status = coalesce($5, status), "
                  "ring_timeout_s = coalesce($6::int, ring_timeout_s), changed_at = now() WHERE account_id = "
                  "$1 RETURNING ") +
          record_columns,
      to_string(account_id), given(change.region), given(change.display_name), given(change.passphrase_hash),
      given(status), given(ring_timeout_s ? std::optional(std::to_string(*ring_timeout_s)) : std::nullopt)));
}

}  // namespace tollgate::gateway::subscriber
