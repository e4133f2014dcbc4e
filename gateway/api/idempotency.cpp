// SPDX-License-Identifier: Apache-2.0
// Rows of gateway.idempotent_request.
#include "gateway/api/idempotency.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <spdlog/spdlog.h>

#include <array>
#include <memory>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/uuid/random_generator.hpp>
#include <pqxx/binarystring>
#include <pqxx/result>

#include "gateway/api/answering.hpp"
#include "gateway/api/audit.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/db/database.hpp"
#include "gateway/logging/line.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

constexpr std::size_t longest_key = 255;
constexpr std::size_t most_kept_bytes = 256 << 10;
// By then a request has been answered, whatever the database does: db::run_options, and 10 min for lists.
constexpr int small_lease_s = 120, large_lease_s = 900;

// Makes the row, or takes one over that is older than a day.
constexpr const char* claim_row = R"(
  INSERT INTO gateway.idempotent_request AS r (token_id, key, fingerprint, request_id, made_id, busy_until)
  VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
  ON CONFLICT (token_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, request_id = excluded.request_id, made_id = excluded.made_id,
    made_at = now(), busy_until = excluded.busy_until, status = NULL, location = NULL, body = NULL
  WHERE r.made_at < now() - interval '24 hours'
  RETURNING made_id)";
constexpr const char* read_row = R"(
  SELECT fingerprint = $3 AS same, request_id, made_id, coalesce(busy_until > now(), false) AS busy, status, location, body
    FROM gateway.idempotent_request WHERE token_id = $1 AND key = $2 FOR UPDATE)";
constexpr const char* take_row = R"(
  UPDATE gateway.idempotent_request SET request_id = $3, busy_until = now() + make_interval(secs => $4) WHERE token_id = $1 AND key = $2)";
// A few with every request: as many end as are made.
constexpr const char* forget_rows = R"(
  DELETE FROM gateway.idempotent_request WHERE (token_id, key) IN (
    SELECT token_id, key FROM gateway.idempotent_request WHERE made_at < now() - interval '24 hours' ORDER BY made_at LIMIT 20 FOR UPDATE SKIP LOCKED))";

struct row_state {
  enum class kind { ours, replay, reused, busy } what = kind::ours;
  uuid made_id{};
  int status = 0;
  std::string location, body;
};

reply replayed(const row_state& kept) {
  reply out;
  out.status = static_cast<unsigned>(kept.status);
  if (out.status >= 400) out.content_type = "application/problem+json";
  if (!kept.location.empty()) out.headers.emplace_back("Location", kept.location);
  out.headers.emplace_back("Idempotency-Replayed", "true");
  out.body = kept.body;
  return out;
}

// What says something about the request's form, and nothing was done by it.
bool frees_key(unsigned status) {
  return status == 400 || status == 401 || status == 413 || status == 415 || status == 422 || status == 429;
}

// HMAC-SHA-256 (RFC 2104) of everything that makes the request what it is, each part with its length before it.
struct hashed_request {
  billing::voucher_key secret;
  std::string before;  // all but the body
  std::string body;
  std::string digest;
};

void hash(hashed_request& of) {
  constexpr std::string_view behind = "11:idempotency";  // the key is for vouchers, too
  std::array<char, 16> name{"SHA256"};
  const std::array parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0), OSSL_PARAM_construct_end()};
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> algorithm(EVP_MAC_fetch(nullptr, "HMAC", nullptr), &EVP_MAC_free);
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> work(EVP_MAC_CTX_new(algorithm.get()), &EVP_MAC_CTX_free);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t size = 0;
  const auto add = [&](std::string_view part) { return EVP_MAC_update(work.get(), reinterpret_cast<const unsigned char*>(part.data()), part.size()) == 1; };
  const bool done = work != nullptr && EVP_MAC_init(work.get(), of.secret.data(), of.secret.size(), parameters.data()) == 1 && add(of.before) &&
                    add(of.body) && add(behind) && EVP_MAC_final(work.get(), digest.data(), &size, digest.size()) == 1;
  if (!done) throw std::runtime_error("HMAC failed");
  of.digest.assign(reinterpret_cast<const char*>(digest.data()), size);
}

awaitable<hashed_request> hash_elsewhere(hashed_request now) {
  hash(now);
  co_return now;
}

void gather_secrets(const boost::json::value& before, boost::json::value& after, boost::json::array& names) {
  if (auto* const list = after.if_array()) {
    for (std::size_t i = 0; i < list->size(); ++i)
      gather_secrets(before.as_array()[i], (*list)[i], names);
  } else if (auto* const fields = after.if_object()) {
    std::vector<std::string> gone;
    for (auto& [name, value] : *fields) {
      const auto& was = before.as_object().at(name);
      if (value.is_string() && (!was.is_string() || was.get_string() != value.get_string()))
        gone.emplace_back(name);
      else
        gather_secrets(was, value, names);
    }
    for (const std::string& name : gone) {
      fields->erase(name);
      names.emplace_back(boost::json::string(name));
    }
  }
}

}  // namespace

std::optional<std::string> read_idempotency_key(std::string_view field) {
  if (field.size() >= 2 && field.front() == '"' && field.back() == '"') field = field.substr(1, field.size() - 2);
  if (field.empty() || field.size() > longest_key) return std::nullopt;
  for (const char c : field)
    if (c < '!' || c > '~' || c == '"' || c == '\\') return std::nullopt;
  return std::string(field);
}

boost::json::value without_unkept(boost::json::value from, std::size_t most_bytes) {
  boost::json::array names;
  boost::json::value out = without_secrets(from);
  gather_secrets(from, out, names);
  auto* const fields = out.if_object();
  if (fields != nullptr && boost::json::serialize(out).size() > most_bytes) {
    std::vector<std::string> large;
    for (const auto& [name, value] : *fields)
      if (value.is_structured()) large.emplace_back(name);
    for (const std::string& name : large) {
      fields->erase(name);
      names.emplace_back(boost::json::string(name));
    }
  }
  if (fields != nullptr && !names.empty()) (*fields)["left_out"] = std::move(names);
  return out;
}

namespace {

// What is kept of an answer.
std::string kept_of(const std::string& body) {
  boost::system::error_code error;
  auto value = boost::json::parse(body, error);
  return error ? body : boost::json::serialize(without_unkept(std::move(value), most_kept_bytes)) + "\n";
}

awaitable<std::string> keep_elsewhere(std::string body) {
  co_return kept_of(body);
}

}  // namespace

keyed_request::keyed_request(services& with, request& from, const route& of, std::string key, boost::asio::thread_pool& pool)
    : with_(with), from_(from), of_(of), key_(std::move(key)), pool_(pool) {}

// What is hashed elsewhere is moved there and back: who waits may be gone before it is done.
awaitable<std::string> keyed_request::fingerprint() {
  std::string before;
  const auto add = [&](std::string_view part) { (before += std::to_string(part.size()) + ":") += part; };
  add(from_.method);
  add(of_.pattern);
  for (const std::string& each : from_.parameters)
    add(each);
  for (const auto& [name, value] : from_.query) {
    add(name);
    add(value);
  }
  add(from_.content_type);
  before += std::to_string(from_.body.size()) + ":";
  hashed_request now{with_.options.voucher_key, std::move(before), std::move(from_.body), {}};
  if (now.body.size() <= worked_here_bytes) {
    hash(now);
  } else {
    auto elsewhere = hash_elsewhere(std::move(now));
    now = co_await boost::asio::co_spawn(pool_, std::move(elsewhere), boost::asio::use_awaitable);
  }
  from_.body = std::move(now.body);
  co_return std::move(now.digest);
}

awaitable<std::optional<reply>> keyed_request::begin() {
  const std::string token_id = uuid_text(from_.by->family_id), request_id = uuid_text(from_.request_id);
  const std::string fresh_id = uuid_text(boost::uuids::random_generator()());
  const int lease_s = of_.size == body_size::large ? large_lease_s : small_lease_s;
  const std::string print = co_await fingerprint();
  const auto claim = [&](pqxx::work& tx) {
    using kind = row_state::kind;
    row_state out;
    const pqxx::binarystring digest(print);
    tx.exec(forget_rows);
    const auto made = tx.exec_params(claim_row, token_id, key_, digest, request_id, fresh_id, lease_s);
    if (!made.empty()) {
      out.made_id = parse_uuid(made[0]["made_id"].c_str()).value_or(uuid{});
      return out;
    }
    const auto row = tx.exec_params1(read_row, token_id, key_, digest);
    out.made_id = parse_uuid(row["made_id"].c_str()).value_or(uuid{});
    const bool own = row["request_id"].c_str() == request_id;  // this very transaction, repeated
    if (!row["same"].as<bool>()) {
      out.what = kind::reused;
    } else if (!row["status"].is_null()) {
      out.what = kind::replay;
      out.status = row["status"].as<int>();
      out.location = row["location"].is_null() ? "" : row["location"].c_str();
      out.body = row["body"].c_str();
    } else if (row["busy"].as<bool>() && !own) {
      out.what = kind::busy;
    } else {
      tx.exec_params0(take_row, token_id, key_, request_id, lease_s);
    }
    return out;
  };
  const result<row_state> found = co_await with_.database.run(claim, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  switch (found->what) {
    case row_state::kind::ours:
      from_.made_id = found->made_id;
      co_return std::nullopt;
    case row_state::kind::replay:
      co_return replayed(*found);
    case row_state::kind::reused:
      co_return problem(422, "idempotency_key_reused", "This Idempotency-Key has come with another request within the last 24 hours.");
    case row_state::kind::busy:
      break;
  }
  reply busy = problem(409, "idempotency_key_in_use", "The request with this Idempotency-Key is being carried out: ask again.");
  busy.headers.emplace_back("Retry-After", "1");
  co_return busy;
}

awaitable<void> keyed_request::end(const reply& answer) {
  const std::string token_id = uuid_text(from_.by->family_id), request_id = uuid_text(from_.request_id);
  std::string location, body = answer.body;
  for (const auto& [name, value] : answer.headers)
    if (name == "Location") location = value;
  if (body.size() <= worked_here_bytes) {
    body = kept_of(body);
  } else {
    auto elsewhere = keep_elsewhere(std::move(body));
    body = co_await boost::asio::co_spawn(pool_, std::move(elsewhere), boost::asio::use_awaitable);
  }
  const auto note = [&](pqxx::work& tx) {
    constexpr const char* own_row = " WHERE token_id = $1 AND key = $2 AND request_id = $3 AND status IS NULL";
    if (answer.status >= 500)
      tx.exec_params0(std::string("UPDATE gateway.idempotent_request SET busy_until = NULL") + own_row, token_id, key_, request_id);
    else if (frees_key(answer.status))
      tx.exec_params0(std::string("DELETE FROM gateway.idempotent_request") + own_row, token_id, key_, request_id);
    else
      tx.exec_params0(std::string("UPDATE gateway.idempotent_request SET busy_until = NULL, status = $4, location = nullif($5, ''), body = $6") +
                          own_row,
                      token_id, key_, request_id, static_cast<int>(answer.status), location, body);
  };
  // What was done must not be done again because the API's share of the database is taken now.
  database_access needed = with_.database.in_any_case();
  const result<void> noted = co_await needed.run(note, db::run_options{.idempotent = true});
  if (noted.has_error())
    spdlog::error("event=api_idempotency_failed request_id={} text={}", request_id, logging::text(noted.error().message()));
}

}  // namespace tollgate::gateway::api
