// SPDX-License-Identifier: Apache-2.0
// Limits against fraud: what they are, what they did, and how an account is let go on.
#include "billing/fraud.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "billing/error.hpp"
#include "billing/fraud_event_list.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/list_manners.hpp"
#include "gateway/api/list_page.hpp"
#include "gateway/api/query_forms.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

boost::json::object to_json(const billing::fraud_limit& limit) {
  boost::json::object out{
      {"scope", limit.scope}, {"measure", limit.measure}, {"most", limit.most}, {"action", limit.action}};
  out["currency"] = limit.currency.empty() ? boost::json::value(nullptr) : boost::json::value(limit.currency);
  return out;
}

boost::json::object to_json(const std::string& currency, const billing::fraud_amounts& amounts) {
  boost::json::object out{{"currency", currency}};
  put_money(out, "established_paid", amounts.established_paid);
  put_money(out, "dear_per_minute", amounts.dear_per_minute);
  return out;
}

boost::json::object to_json(const billing::fraud_policy& policy) {
  boost::json::array amounts;
  for (const auto& [currency, each] : policy.amounts)
    amounts.push_back(to_json(currency, each));
  return {{"established_days", policy.established_days},
          {"payment_days", policy.payment_days},
          {"amounts", std::move(amounts)}};
}

reply no_account() {
  return problem(billing::make_error_code(billing::error::no_account));
}

// "2026-11-22T12:00:00.000Z account measure EUR": no name in it has a space.
std::string place_of(const billing::fraud_event_in_hour& of) {
  return rfc3339(of.hour) + " " + of.event.scope + " " + of.event.measure + " " + of.event.currency;
}

std::optional<billing::fraud_event_place> parse_place(const std::string& text) {
  std::array<std::string, 4> parts;
  std::size_t at = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t end = i + 1 < parts.size() ? text.find(' ', at) : text.size();
    if (end == std::string::npos) return std::nullopt;
    parts[i] = text.substr(at, end - at);
    at = end + 1;
  }
  const auto hour = parse_rfc3339(parts[0]);
  if (!hour) return std::nullopt;
  return billing::fraud_event_place{*hour, parts[1], parts[2], parts[3]};
}

}  // namespace

awaitable<reply> list_fraud_limits(services& with, const request&) {
  const auto read = [](pqxx::work& tx) { return billing::list_fraud_limits(tx); };
  const result<std::vector<billing::fraud_limit>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const auto& each : *found)
    items.push_back(to_json(each));
  co_return list_reply(std::move(items), std::nullopt);
}

awaitable<reply> set_fraud_limit(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  billing::fraud_limit wanted{.scope = from.parameters[0], .measure = from.parameters[1]};
  wanted.most = fields.needed_integer("most", 0, INT64_MAX);
  wanted.action = fields.needed_text("action");
  wanted.currency = fields.text("currency", 3).value_or("");
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!billing::has_effect(wanted))
    co_return problem(
        422, "limit_without_effect",
        wanted.measure == "call_length"
            ? "A call has no length when it starts: call_length takes event or cut."
            : "dear_prefixes_day of all is looked at when calls start: it takes event or refuse.");
  const auto set = [&](pqxx::work& tx) { return billing::set_fraud_limit(tx, wanted); };
  const result<void> done = co_await with.database.run(set, db::run_options{.idempotent = true});
  co_return done.has_error() ? problem(done.error()) : json_reply(200, to_json(wanted));
}

awaitable<reply> remove_fraud_limit(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const std::string currency = read_currency(fields).value_or("");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto remove = [&](pqxx::work& tx) {
    return billing::remove_fraud_limit(tx, from.parameters[0], from.parameters[1], currency);
  };
  const result<bool> done = co_await with.database.run(remove, db::run_options{.idempotent = true});
  if (done.has_error()) co_return problem(done.error());
  if (!*done) co_return problem(404, "no_limit", "There is no such limit.");
  reply out;
  out.status = 204;
  co_return out;
}

awaitable<reply> get_fraud_policy(services& with, const request&) {
  const auto read = [](pqxx::work& tx) { return billing::find_fraud_policy(tx); };
  const result<billing::fraud_policy> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return found ? json_reply(200, to_json(*found)) : problem(found.error());
}

awaitable<reply> set_fraud_policy(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  const int established_days = static_cast<int>(fields.needed_integer("established_days", 0, 10'000));
  const int payment_days = static_cast<int>(fields.needed_integer("payment_days", 0, 10'000));
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto set = [&](pqxx::work& tx) -> result<billing::fraud_policy> {
    const auto done = billing::set_fraud_policy(tx, established_days, payment_days);
    if (done.has_error()) return result<billing::fraud_policy>(boost::system::in_place_error, done.error());
    return billing::find_fraud_policy(tx);
  };
  const result<billing::fraud_policy> now =
      co_await with.database.run(set, db::run_options{.idempotent = true});
  co_return now.has_error() ? problem(now.error()) : json_reply(200, to_json(*now));
}

awaitable<reply> set_fraud_amounts(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  billing::fraud_amounts wanted;
  wanted.established_paid = fields.needed_money("established_paid");
  wanted.dear_per_minute = fields.needed_money("dear_per_minute");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const std::string& currency = from.parameters[0];
  const auto set = [&](pqxx::work& tx) { return billing::set_fraud_amounts(tx, currency, wanted); };
  const result<void> done = co_await with.database.run(set, db::run_options{.idempotent = true});
  co_return done.has_error() ? problem(done.error()) : json_reply(200, to_json(currency, wanted));
}

awaitable<reply> remove_fraud_amounts(services& with, const request& from) {
  const auto remove = [&](pqxx::work& tx) { return billing::remove_fraud_amounts(tx, from.parameters[0]); };
  const result<bool> done = co_await with.database.run(remove, db::run_options{.idempotent = true});
  if (done.has_error()) co_return problem(done.error());
  if (!*done) co_return problem(404, "no_amounts", "There are no amounts in this currency.");
  reply out;
  out.status = 204;
  co_return out;
}

awaitable<reply> list_fraud_events(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto before = fields.text("before");
  const auto behind = before ? parse_place(*before) : std::nullopt;
  if (before && !behind) fields.complain("before", "is the `next` of a page");
  const bool oldest_first = !order_of(fields, "-hour").descending;
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) { return billing::list_fraud_events_behind(tx, limit, behind, oldest_first); };
  const auto item_of = [](const billing::fraud_event_in_hour& of) {
    const auto& [each, hour] = of;
    boost::json::object item{{"scope", each.scope},   {"measure", each.measure}, {"times", each.times},
                             {"figure", each.figure}, {"most", each.most},       {"action", each.action}};
    item["currency"] =
        each.currency.empty() ? boost::json::value(nullptr) : boost::json::value(each.currency);
    item["call_id"] =
        each.call_id ? boost::json::value(uuid_text(*each.call_id)) : boost::json::value(nullptr);
    put_time(item, "first_at", each.first);
    put_time(item, "last_at", each.last);
    put_time(item, "hour", hour);
    return item;
  };
  const auto write = [&](const std::vector<billing::fraud_event_in_hour>& found) {
    return page_reply(found, static_cast<std::size_t>(limit), item_of, [](const auto& last) { return place_of(last); });
  };
  co_return co_await read_list(with, read, write);
}

awaitable<reply> unlock_all_fraud(services& with, const request&) {
  const auto unlock = [](pqxx::work& tx) { return billing::unlock_fraud(tx, std::nullopt); };
  const result<bool> done = co_await with.database.run(unlock, db::run_options{.idempotent = true});
  co_return done.has_error() ? problem(done.error())
                             : json_reply(200, boost::json::object{{"was_locked", *done}});
}

awaitable<reply> get_account_fraud(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_account();
  const auto read = [&](pqxx::work& tx) { return billing::find_fraud_state(tx, *id); };
  const result<billing::fraud_state> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::object out{{"level", found->level}, {"measure", found->measure}};
  put_time(out, "locked_at", found->locked_at);
  co_return json_reply(200, out);
}

awaitable<reply> unlock_account_fraud(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_account();
  const auto unlock = [&](pqxx::work& tx) -> result<bool> {
    const auto found = billing::find_account(tx, *id);
    if (!found) return result<bool>(boost::system::in_place_error, found.error());
    return billing::unlock_fraud(tx, *id);
  };
  const result<bool> done = co_await with.database.run(unlock, db::run_options{.idempotent = true});
  co_return done.has_error() ? problem(done.error())
                             : json_reply(200, boost::json::object{{"was_locked", *done}});
}

}  // namespace tollgate::gateway::api
