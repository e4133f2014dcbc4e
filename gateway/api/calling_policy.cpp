// SPDX-License-Identifier: Apache-2.0
// What an account may call beyond or below everybody else.
#include "gateway/subscriber/calling_policy.hpp"

#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/policy_json.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "gateway/subscriber/subscriber_store.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

constexpr std::size_t most_entries = 1'000;

reply no_account() {
  return problem(subscriber::make_error_code(subscriber::errc::no_subscriber));
}

}  // namespace

awaitable<reply> get_calling_policy(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_account();
  const auto read = [&](pqxx::work& tx) -> result<subscriber::calling_policy> {
    const auto who = subscriber::find_subscriber(tx, *id);
    if (!who) return who.error();
    return subscriber::find_calling_policy(tx, *id);
  };
  const result<subscriber::calling_policy> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return found ? json_reply(200, policy_json(*found)) : problem(found.error());
}

awaitable<reply> put_calling_policy(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_account();
  auto fields = field_reader::of_body(from);
  subscriber::calling_policy wanted;
  wanted.dial.premium_rate = fields.flag("premium_rate");
  wanted.dial.shared_cost = fields.flag("shared_cost");
  wanted.dial.satellite = fields.flag("satellite");
  wanted.dial.high_risk = fields.flag("high_risk");
  using list = std::vector<std::string>;
  wanted.dial.open_prefixes = fields.texts("open_prefixes", most_entries).value_or(list{});
  wanted.dial.shut_prefixes = fields.texts("shut_prefixes", most_entries).value_or(list{});
  wanted.dial.countries = fields.texts("countries", most_entries).value_or(list{});
  wanted.dial.shut_countries = fields.texts("shut_countries", most_entries).value_or(list{});
  if (const auto calls = fields.integer("calls", 0, 1'000)) wanted.calls = static_cast<int>(*calls);
  wanted.country_spend_day_micros = fields.integer("country_spend_day_micros", 0, INT64_MAX);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto set = [&](pqxx::work& tx) { return subscriber::set_calling_policy(tx, *id, wanted); };
  const result<void> done = co_await with.database.run(set, db::run_options{.idempotent = true});
  if (done.has_error()) co_return problem(done.error());
  with.gateway.account_changed(*id);
  co_return json_reply(200, policy_json(wanted));
}

}  // namespace tollgate::gateway::api
