// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/audit.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <chrono>
#include <pqxx/result>
#include <span>

#include "gateway/api/entity_tag.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/router.hpp"
#include "gateway/db/database.hpp"
#include "gateway/logging/line.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

constexpr std::size_t longest_target = 500;
constexpr std::size_t most_bytes = 16 * 1024;
constexpr std::size_t most_parsed_bytes = 64 * 1024;
constexpr std::array<std::string_view, 6> secret_words{"passphrase", "password", "secret",
                                                       "token",      "pin",      "pins"};

constexpr const char* begin_line = R"(
  INSERT INTO gateway.audit_begun (request_id, token_id, role, address, method, target, before, account_id, carrier_id, label, fields)
  SELECT $1, nullif($2, '')::uuid, nullif($3, ''), $4, $5, $6, nullif($7, '')::jsonb, nullif($8, '')::uuid, nullif($9, '')::uuid, (SELECT label FROM gateway.api_token WHERE token_id = nullif($2, '')::uuid),
         nullif($10, '')::jsonb FROM set_config('synchronous_commit', 'off', true)
  ON CONFLICT DO NOTHING)";
constexpr const char* end_line = R"(
  WITH begun AS (DELETE FROM gateway.audit_begun WHERE request_id = $1)
  INSERT INTO gateway.audit (request_id, token_id, role, address, method, target, before, account_id, carrier_id, label, fields, status, after, at)
  VALUES ($1, nullif($2, '')::uuid, nullif($3, ''), $4, $5, $6, nullif($7, '')::jsonb, nullif($8, '')::uuid, nullif($9, '')::uuid, (SELECT label FROM gateway.api_token WHERE token_id = nullif($2, '')::uuid),
          nullif($10, '')::jsonb, $11, nullif($12, '')::jsonb, timestamptz 'epoch' + $13::bigint * interval '1 microsecond') ON CONFLICT DO NOTHING)";
constexpr const char* forget_line = "DELETE FROM gateway.audit_begun WHERE request_id = $1";

bool is_secret(std::string_view name) {
  return std::any_of(secret_words.begin(), secret_words.end(), [&](std::string_view word) {
    return name == word || (name.ends_with(word) && name[name.size() - word.size() - 1] == '_');
  });
}

std::optional<boost::json::value> read_json(const reply& answer) {
  if (!answer.content_type.starts_with("application/json") || answer.body.size() > tagged_most_bytes)
    return std::nullopt;
  boost::system::error_code error;
  auto value = boost::json::parse(answer.body, error);
  return error ? std::nullopt : std::optional(without_secrets(std::move(value)));
}

std::string text_of(const std::optional<boost::json::value>& value) {
  if (!value) return "";
  std::string text = boost::json::serialize(*value);
  if (text.size() <= most_bytes) return text;
  return boost::json::serialize(boost::json::object{{"left_out", "too large"}, {"bytes", text.size()}});
}

// What the body sets; of a list or a file nothing.
std::string fields_text(const request& from) {
  if (from.content_type != "application/json" || from.body.empty() || from.body.size() > most_parsed_bytes) return "";
  boost::system::error_code error;
  auto value = boost::json::parse(from.body, error);
  if (error || !value.is_object() || value.get_object().empty()) return "";
  return text_of(std::optional(without_secrets(std::move(value))));
}

// Between two characters: PostgreSQL takes no half of one.
std::string cut(const std::string& target) {
  std::size_t size = std::min(target.size(), longest_target);
  while (size > 0 && size < target.size() && (static_cast<unsigned char>(target[size]) & 0xC0U) == 0x80U)
    --size;
  return target.substr(0, size);
}

bool is_value(const boost::json::value& member, std::string_view text) {
  if (member.is_string()) return std::string_view(member.get_string()) == text;
  return member.is_int64() && std::to_string(member.get_int64()) == text;
}

// What a path names below the list that was read ("/v1/number_prices/EUR/3" of "/v1/number_prices"): the items that have each of the
// values. None: nothing; several, as the versions of a tax rate: all of them.
std::optional<boost::json::value> named_in(boost::json::value read, std::span<const std::string> values) {
  if (values.empty()) return read;
  if (!read.is_object()) return std::nullopt;
  boost::json::array found;
  for (const auto& member : read.get_object()) {
    if (!member.value().is_array()) continue;
    for (const auto& item : member.value().get_array()) {
      const auto has = [&](const std::string& value) {
        return item.is_object() && std::ranges::any_of(item.get_object(), [&](const auto& own) { return is_value(own.value(), value); });
      };
      if (std::ranges::all_of(values, has)) found.push_back(item);
    }
  }
  if (found.empty()) return std::nullopt;
  return found.size() == 1 ? std::optional(boost::json::value(found.front())) : std::optional(boost::json::value(std::move(found)));
}

}  // namespace

boost::json::value without_secrets(boost::json::value from) {
  if (auto* const list = from.if_array()) {
    for (auto& each : *list)
      each = without_secrets(std::move(each));
  } else if (auto* const fields = from.if_object()) {
    for (auto& [name, value] : *fields)
      value = is_secret(name) && !value.is_bool() && !value.is_null() ? boost::json::value("(left out)")
                                                                      : without_secrets(std::move(value));
  }
  return from;
}

audited_change::audited_change(services& with, const request& from, const std::string& target)
    : with_(with), from_(from), target_(target) {}

awaitable<std::optional<boost::json::value>> audited_change::look() const {
  request question = question_of(from_);
  const route* const readable = tagging_route(question);
  if (readable == nullptr) co_return std::nullopt;
  const std::span below = std::span(from_.parameters).subspan(std::min(question.parameters.size(), from_.parameters.size()));
  try {
    const reply seen = co_await readable->handle(with_, question);
    auto value = seen.status == 200 ? read_json(seen) : std::nullopt;
    if (value) co_return named_in(std::move(*value), below);
  } catch (const std::exception& failure) {
    spdlog::error("event=api_audit_failed request_id={} text={}", boost::uuids::to_string(from_.request_id),
                  logging::text(failure.what()));
  }
  co_return std::nullopt;
}

awaitable<void> audited_change::note_before() {
  if (from_.method == "GET" || !from_.by) co_return;
  const bool makes = from_.method == "POST" && from_.parameters.empty();
  if (!makes) before_ = co_await look();
  // Flushed with the change at the latest, whose place in the write-ahead log is behind this one: no flush of its own.
  co_await write(std::nullopt);
}

awaitable<void> audited_change::note_after(const reply& answer) {
  if (from_.method == "GET") co_return;
  if (!from_.by && answer.status >= 300) co_return;  // whoever is nobody must not fill the audit
  if (answer.status >= 300)
    before_.reset();  // nothing was changed
  else if (from_.method == "POST")
    after_ = read_json(answer);
  else if (from_.method != "DELETE")
    after_ = co_await look();
  if (answer.status < 300 && from_.method != "DELETE" && !after_) after_ = read_json(answer);
  co_await write(answer.status);
}

// The line as it begins, or with its outcome.
awaitable<void> audited_change::write(std::optional<unsigned> status) const {
  const std::string request_id = boost::uuids::to_string(from_.request_id);
  const std::string token_id = from_.by ? boost::uuids::to_string(from_.by->token_id) : "";
  const std::string as = from_.by ? std::string(to_string(from_.by->as)) : "";
  // Of the first try: a repetition after a lost answer finds the line that was made.
  const auto at = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto id_text = [](const std::optional<uuid>& id) { return id ? boost::uuids::to_string(*id) : std::string(); };
  const std::string account_id = from_.by ? id_text(from_.by->account_id) : "", carrier_id = from_.by ? id_text(from_.by->carrier_id) : "";
  const std::string target = cut(target_);
  const bool was_made = !status || *status < 300 || *status >= 500;
  const std::string fields = from_.by && was_made ? fields_text(from_) : "";  // what was refused may hold a secret under any name
  // A subscriber's change that was refused has changed nothing, and subscribers are many: it leaves no line.
  const bool leaves_none = !was_made && from_.by && from_.by->as == role::subscriber;
  const auto insert = [&](pqxx::work& tx) {
    if (leaves_none)
      tx.exec_params(forget_line, request_id);
    else if (status)
      tx.exec_params(end_line, request_id, token_id, as, from_.address, from_.method, target, text_of(before_), account_id, carrier_id, fields, static_cast<int>(*status), text_of(after_), at.time_since_epoch().count());
    else
      tx.exec_params(begin_line, request_id, token_id, as, from_.address, from_.method, target, text_of(before_), account_id, carrier_id, fields);
  };
  const db::run_options at_once{.idempotent = true, .patience = std::chrono::milliseconds(0)};
  database_access place = status ? with_.database.in_any_case() : with_.database;  // what was made must be told of
  const result<void> noted = co_await place.run(insert, at_once);
  if (status) spdlog::info("event=api_change request_id={} method={} status={}", request_id, from_.method, *status);
  if (noted.has_error())
    spdlog::error("event=api_audit_failed request_id={} token_id={} role={} method={} status={} text={}", request_id, token_id, as,
                  from_.method, status.value_or(0), logging::text(noted.error().message()));
}

void note_local_change(pqxx::transaction_base& tx, const char* method, const char* target, const boost::json::value& after) {
  const auto now = std::chrono::system_clock::now();
  constexpr int created = 201;
  tx.exec_params(end_line, boost::uuids::to_string(boost::uuids::random_generator()()), "", "", "local", method, target, "", "", "", "", created,
                 boost::json::serialize(without_secrets(after)), std::chrono::floor<std::chrono::microseconds>(now).time_since_epoch().count());
}

}  // namespace tollgate::gateway::api
