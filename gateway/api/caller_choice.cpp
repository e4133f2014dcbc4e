// SPDX-License-Identifier: Apache-2.0
// Which number an account shows when it calls.
#include "gateway/subscriber/caller_choice.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/member_access.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "gateway/subscriber/subscriber_store.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

boost::json::object to_json(const subscriber::caller_choice& choice) {
  boost::json::array verified;
  for (const auto& number : choice.verified)
    verified.emplace_back(number.e164());
  boost::json::object out{{"verified_numbers", std::move(verified)}, {"withheld", choice.withheld}};
  out["number"] = choice.shown ? boost::json::value(choice.shown->e164()) : boost::json::value(nullptr);
  return out;
}

reply no_account() {
  return problem(subscriber::make_error_code(subscriber::errc::no_subscriber));
}

}  // namespace

awaitable<reply> get_caller_choice(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_account();
  const auto read = [&](pqxx::work& tx) -> result<subscriber::caller_choice> {
    const auto who = subscriber::find_subscriber(tx, *id);
    if (!who) return who.error();
    return subscriber::find_caller_choice(tx, *id);
  };
  const result<subscriber::caller_choice> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return found ? json_reply(200, to_json(*found)) : problem(found.error());
}

awaitable<reply> put_caller_choice(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_account();
  auto fields = field_reader::of_body(from);
  // Subscribers choose among what they have; whose a number is, others say.
  const bool verifies = may_set(from, guarded::verified_numbers);
  const auto verified = fields.texts("verified_numbers");
  if (verified && !verifies) fields.complain("verified_numbers", "is the operator's to say: leave it out");
  subscriber::caller_choice wanted;
  const auto listed = verified.value_or(std::vector<std::string>{});
  for (std::size_t i = 0; i < listed.size(); ++i) {
    const auto number = pstn::phone_number::parse(listed[i]);
    if (number)
      wanted.verified.push_back(*number);
    else
      fields.complain_of("verified_numbers", i, "must be a number in E.164, such as +442079460958");
  }
  wanted.shown = fields.number("number");
  wanted.withheld = fields.flag("withheld").value_or(false);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto set = [&](pqxx::work& tx) {
    if (!verifies) wanted.verified = subscriber::find_caller_choice(tx, *id).verified;
    return subscriber::set_caller_choice(tx, *id, wanted);
  };
  const result<void> done = co_await with.database.run(set, db::run_options{.idempotent = true});
  if (done.has_error()) co_return problem(done.error());
  with.gateway.account_changed(*id);
  co_return json_reply(200, to_json(wanted));
}

}  // namespace tollgate::gateway::api
