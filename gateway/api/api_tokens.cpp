// SPDX-License-Identifier: Apache-2.0
// /v1/api_tokens, /v1/roles and /v1/sessions. A secret is in the answer that makes it, and nowhere
// afterwards.
#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/api_token.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/list_manners.hpp"
#include "gateway/api/member_access.hpp"
#include "gateway/api/own_credentials.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/api/token_list.hpp"
#include "gateway/api/router.hpp"
#include "gateway/api/token_steps.hpp"
#include "gateway/db/database.hpp"
#include "gateway/subscriber/error.hpp"
#include "gateway/subscriber/login.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;
using maybe_token = std::optional<api_token>;

constexpr std::int64_t longest_days = 3'650;
constexpr std::int64_t longest_session_h = 24 * 30, usual_session_h = 12;
constexpr int most_sessions = 20;  // of an account: one more ends the oldest
constexpr std::int64_t longest_overlap_s = 7 * 24 * 3'600, usual_overlap_s = 300;

boost::json::value id_or_null(const std::optional<uuid>& id) {
  return id ? boost::json::value(uuid_text(*id)) : boost::json::value(nullptr);
}

bool uses(role as, std::string_view operation) {
  return std::ranges::any_of(routes(), [&](const route& each) {
    return is_allowed(each.who, as) && operation == std::string(each.method) + " " + std::string(each.pattern);
  });
}

reply no_token() {
  return problem(404, "no_token", "There is no such token.");
}

reply made_reply(const api_token& token, const std::string& secret) {
  boost::json::object out = to_json(token);
  out["token"] = secret;
  reply answer = json_reply(201, out);
  answer.headers.emplace_back("Location", "/v1/api_tokens/" + uuid_text(token.of.token_id));
  return answer;
}

wall_time days_from_now(std::int64_t days) {
  return std::chrono::system_clock::now() + std::chrono::hours(24 * days);
}

awaitable<reply> rotate(services& with, const request& from, std::optional<uuid> id) {
  auto fields = field_reader::of_body(from);
  const std::chrono::seconds overlap(
      fields.integer("overlap_s", 0, longest_overlap_s).value_or(usual_overlap_s));
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!id) co_return no_token();
  const std::string secret = make_token();
  bool is_rotated = false;
  const auto renew = [&](pqxx::work& tx) -> maybe_token {
    const auto [old, has_heir] = lock_token(tx, *id);
    // Carried out once more under its Idempotency-Key: the answer with the secret was lost, and the old token may have been cut short
    // by the first time. What was made then is what is to be had.
    if (from.made_id) {
      const auto [made, made_has_heir] = lock_token(tx, *from.made_id);
      if (made) {
        if (made->revoked_at || made_has_heir) return std::nullopt;
        auto again = store_token(tx, secret, *made, from.made_id);
        if (again) note_rotation(tx, *id, again->of.token_id);
        return again;
      }
    }
    const bool lives =
        old && !old->revoked_at && (!old->expires_at || *old->expires_at > std::chrono::system_clock::now());
    is_rotated = lives && has_heir;
    if (!lives || is_rotated) return std::nullopt;
    revoke_token(tx, *id, overlap);
    auto made = store_token(tx, secret, *old, from.made_id);
    if (made) note_rotation(tx, *id, made->of.token_id);
    return made;
  };
  const result<maybe_token> made = co_await with.database.run(renew);
  if (!made) co_return problem(made.error());
  if (is_rotated) co_return problem(409, "token_rotated", "Another token has taken its place already: rotate that one, or have a new one made.");
  with.authority.forget();
  co_return *made ? made_reply(**made, secret) : no_token();
}

}  // namespace

boost::json::object to_json(const api_token& token) {
  boost::json::object out{{"id", uuid_text(token.of.token_id)},
                          {"label", token.label},
                          {"role", to_string(token.of.as)},
                          {"carrier_id", id_or_null(token.of.carrier_id)},
                          {"account_id", id_or_null(token.of.account_id)}};
  put_time(out, "created_at", token.created_at);
  put_time(out, "expires_at", token.expires_at);
  put_time(out, "revoked_at", token.revoked_at);
  return out;
}

awaitable<reply> list_api_tokens(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const token_page page{static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100)), fields.id("before"),
                        !order_of(fields, "-created_at").descending};
  token_filter which{.as = {}, .account_id = fields.id("account_id")};
  if (const auto as = fields.text("role")) {
    which.as = parse_role(*as);
    if (!which.as) fields.complain("role", "has no such value");
  }
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) { return list_tokens(tx, which, page); };
  const result<std::vector<api_token>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const api_token& each : *found)
    items.push_back(to_json(each));
  const bool more = found->size() == static_cast<std::size_t>(page.limit);
  co_return list_reply(std::move(items),
                       more ? std::optional(uuid_text(found->back().of.token_id)) : std::nullopt);
}

awaitable<reply> create_api_token(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  api_token wanted;
  wanted.label = fields.needed_text("label", 100);
  const auto as = parse_role(fields.needed_text("role"));
  if (!as) fields.complain("role", "must be admin, auditor, rates, numbers, support, carrier or subscriber");
  wanted.of.as = as.value_or(role::auditor);
  if (wanted.of.as == role::carrier) wanted.of.carrier_id = fields.needed_id("carrier_id");
  if (wanted.of.as == role::subscriber) wanted.of.account_id = fields.needed_id("account_id");
  if (const auto days = fields.integer("expires_in_days", 1, longest_days))
    wanted.expires_at = days_from_now(*days);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const std::string secret = make_token();
  const auto store = [&](pqxx::work& tx) { return store_token(tx, secret, wanted, from.made_id); };
  const result<maybe_token> made = co_await with.database.run(store, db::run_options{.idempotent = true});
  if (!made) co_return problem(made.error());
  if (!*made)
    co_return problem(404, wanted.of.carrier_id ? "no_such_carrier" : "no_account",
                      "What the token is to be bound to does not exist.");
  co_return made_reply(**made, secret);
}

awaitable<reply> get_api_token(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_token();
  const auto read = [&](pqxx::work& tx) { return find_token(tx, *id); };
  const result<maybe_token> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  co_return *found ? json_reply(200, to_json(**found)) : no_token();
}

awaitable<reply> revoke_api_token(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_token();
  const auto revoke = [&](pqxx::work& tx) { return revoke_token(tx, *id); };
  const result<maybe_token> done = co_await with.database.run(revoke, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  with.authority.forget();
  co_return *done ? json_reply(200, to_json(**done)) : no_token();
}

awaitable<reply> rotate_api_token(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  co_return co_await rotate(with, from, id);
}

awaitable<reply> list_roles(services&, const request&) {
  boost::json::array items;
  for (const role as : all_roles()) {
    boost::json::array operations;
    for (const route& each : routes())
      if (is_allowed(each.who, as))
        operations.push_back(boost::json::string(std::string(each.method) + " " + std::string(each.pattern)));
    boost::json::array refused;
    for (const member_rule& each : member_rules())
      if (uses(as, each.operation) && !is_allowed({.roles = each.who}, as)) {
        boost::json::object one{{"operation", each.operation}, {"detail", each.about}};
        one["member"] = each.member.empty() ? boost::json::value(nullptr) : boost::json::value(each.member);
        refused.push_back(std::move(one));
      }
    items.push_back(boost::json::object{{"role", to_string(as)}, {"operations", std::move(operations)}, {"refused", std::move(refused)}});
  }
  co_return list_reply(std::move(items), std::nullopt);
}

awaitable<reply> open_session(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  const std::string name = fields.needed_text("name");
  const std::string passphrase = fields.needed_text("passphrase", 256);
  const auto hours = fields.integer("hours", 1, longest_session_h).value_or(usual_session_h);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const result<subscriber::subscriber_record> who =
      co_await with.logins.check(name, passphrase, from.address);
  if (!who) co_return problem(who.error());
  api_token wanted;
  wanted.label = "session";
  wanted.of.as = role::subscriber;
  wanted.of.account_id = who->account_id;
  wanted.expires_at = std::chrono::system_clock::now() + std::chrono::hours(hours);
  const std::string secret = make_token();
  std::size_t ended = 0;
  const auto store = [&](pqxx::work& tx) {
    remove_old_sessions(tx);
    // The pass-phrase may have been changed since it was looked at, and the tokens of before with it.
    const auto still = tx.exec_params(
        "SELECT FROM gateway.subscriber WHERE account_id = $1 AND credential_generation = $2 AND status = 'active' FOR NO KEY UPDATE",
        uuid_text(who->account_id), who->credential_generation);
    if (still.empty()) return maybe_token();
    auto stored = store_token(tx, secret, wanted);
    if (stored) note_session(tx, stored->of.token_id);
    ended = keep_newest_sessions(tx, who->account_id, most_sessions);
    return stored;
  };
  const result<maybe_token> made = co_await with.database.run(store, db::run_options{.idempotent = true});
  if (!made) co_return problem(made.error());
  if (!*made) co_return problem(subscriber::make_error_code(subscriber::errc::wrong_passphrase));
  if (ended > 0) with.authority.forget();
  co_return made_reply(**made, secret);
}

awaitable<reply> end_session(services& with, const request& from) {
  const uuid own = from.by->token_id;
  const auto revoke = [&](pqxx::work& tx) { return revoke_token(tx, own); };
  const result<maybe_token> done = co_await with.database.run(revoke, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  with.authority.forget();
  co_return reply{204, "", "", {}};
}

}  // namespace tollgate::gateway::api
