// SPDX-License-Identifier: Apache-2.0
// /v1/dial_policies: what everybody may call, as the configuration says or as it was set for all nodes at run time, and
// which accounts differ (calling_policy.cpp).
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/policy_json.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;
using pstn::number::dial_policy;

constexpr std::size_t most_entries = 1'000;

boost::json::array list_json(const std::vector<std::string>& list) {
  return boost::json::array(list.begin(), list.end());
}

template <class Value>
boost::json::value or_null(const std::optional<Value>& value) {
  return value ? boost::json::value(*value) : boost::json::value(nullptr);
}

// `set`: at run time; without it the configuration of the node that is asked.
boost::json::object gateway_json(const services& with, const std::optional<dial_policy>& set) {
  boost::json::object out{{"id", "gateway"}, {"source", set ? "set" : "configuration"}};
  for (auto& [name, value] : policy_json(set ? *set : with.options.dial_policy))
    out[name] = std::move(value);
  out["emergency_trunks"] = list_json(with.options.emergency_trunks);
  return out;
}

}  // namespace

boost::json::object policy_json(const subscriber::calling_policy& policy) {
  boost::json::object out{{"open_prefixes", list_json(policy.dial.open_prefixes)},
                          {"shut_prefixes", list_json(policy.dial.shut_prefixes)},
                          {"countries", list_json(policy.dial.countries)},
                          {"shut_countries", list_json(policy.dial.shut_countries)}};
  out["premium_rate"] = or_null(policy.dial.premium_rate);
  out["shared_cost"] = or_null(policy.dial.shared_cost);
  out["satellite"] = or_null(policy.dial.satellite);
  out["high_risk"] = or_null(policy.dial.high_risk);
  out["calls"] = or_null(policy.calls);
  out["country_spend_day_micros"] = or_null(policy.country_spend_day_micros);
  return out;
}

boost::json::object policy_json(const dial_policy& policy) {
  return {{"premium_rate", policy.premium_rate},
          {"shared_cost", policy.shared_cost},
          {"satellite", policy.satellite},
          {"high_risk", policy.high_risk_prefixes.empty()},
          {"open_prefixes", list_json(policy.open_prefixes)},
          {"shut_prefixes", list_json(policy.shut_prefixes)},
          {"countries", list_json(policy.countries)},
          {"shut_countries", list_json(policy.shut_countries)}};
}

awaitable<reply> list_dial_policies(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto after = fields.id("after");
  if (auto refusal = fields.refusal()) co_return *refusal;
  struct page {
    std::optional<dial_policy> set;
    std::vector<subscriber::account_policy> accounts;
  };
  const auto read = [&](pqxx::work& tx) -> page {
    return {subscriber::find_general_policy(tx), subscriber::list_calling_policies(tx, after.value_or(uuid{}), limit)};
  };
  const result<page> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  if (!after) items.push_back(gateway_json(with, found->set));
  for (const auto& each : found->accounts) {
    boost::json::object item{{"id", uuid_text(each.account_id)}, {"source", "account"}};
    for (auto& [name, value] : policy_json(each.policy))
      item[name] = std::move(value);
    items.push_back(std::move(item));
  }
  const bool more = found->accounts.size() == static_cast<std::size_t>(limit);
  co_return list_reply(std::move(items), more ? std::optional(uuid_text(found->accounts.back().account_id)) : std::nullopt);
}

awaitable<reply> get_dial_policy(services& with, const request&) {
  const auto read = [](pqxx::work& tx) { return subscriber::find_general_policy(tx); };
  const result<std::optional<dial_policy>> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return found ? json_reply(200, gateway_json(with, *found)) : problem(found.error());
}

awaitable<reply> put_dial_policy(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  dial_policy wanted;
  wanted.premium_rate = fields.flag("premium_rate").value_or(false);
  wanted.shared_cost = fields.flag("shared_cost").value_or(false);
  wanted.satellite = fields.flag("satellite").value_or(false);
  if (fields.flag("high_risk").value_or(false)) wanted.high_risk_prefixes.clear();
  using list = std::vector<std::string>;
  wanted.open_prefixes = fields.texts("open_prefixes", most_entries).value_or(list{});
  wanted.shut_prefixes = fields.texts("shut_prefixes", most_entries).value_or(list{});
  wanted.countries = fields.texts("countries", most_entries).value_or(list{});
  wanted.shut_countries = fields.texts("shut_countries", most_entries).value_or(list{});
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto set = [&](pqxx::work& tx) { return subscriber::set_general_policy(tx, wanted); };
  const result<void> done = co_await with.database.run(set, db::run_options{.idempotent = true});
  if (done.has_error()) co_return problem(done.error());
  co_await with.gateway.dial_policy_changed();
  co_return json_reply(200, gateway_json(with, wanted));
}

awaitable<reply> remove_dial_policy(services& with, const request&) {
  const auto remove = [](pqxx::work& tx) { subscriber::remove_general_policy(tx); };
  const result<void> done = co_await with.database.run(remove, db::run_options{.idempotent = true});
  if (done.has_error()) co_return problem(done.error());
  co_await with.gateway.dial_policy_changed();
  reply out;
  out.status = 204;
  co_return out;
}

}  // namespace tollgate::gateway::api
