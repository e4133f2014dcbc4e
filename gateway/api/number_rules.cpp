// SPDX-License-Identifier: Apache-2.0
// What the owner of a number wants done with its callers.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/member_access.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "voicemail/forward_text.hpp"
#include "voicemail/inbound_rules.hpp"
#include "voicemail/number_store.hpp"
#include "voicemail/quiet_text.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

// Whether calls of the number's owner may go there at all. What may change by itself (credit, carriers) is looked at
// when a call is forwarded, and all of this again.
awaitable<std::optional<reply>> check_forwarding(services& with, const pstn::phone_number& number,
                                                 const voicemail::inbound_rules& rules) {
  const auto read = [&](pqxx::work& tx) { return voicemail::find_number(tx, number); };
  const result<std::optional<voicemail::number_record>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  if (!*found) co_return problem(voicemail::make_error_code(voicemail::error::number_unknown));
  for (const auto& target : rules.forward) {
    call_question question;
    question.account_id = (*found)->account_id;
    question.number = target.number.e164();
    question.region = with.options.region;
    const auto place = co_await with.database.take_place();
    if (!place) co_return problem(with.database.no_place());
    const result<simulated_call> simulated = co_await with.gateway.simulate(question);
    if (!simulated) co_return problem(simulated.error());
    const auto& verdict = simulated->verdict;
    // Of this moment and of the account, not of the number.
    static constexpr std::array of_now{"ok",         "insufficient_credit", "no_route",    "account_blocked", "too_many_calls",
                                       "overloaded", "draining",            "fraud_limit", "country_limit"};
    if (std::ranges::find(of_now, verdict) != of_now.end()) continue;
    co_return problem(422, verdict, target.number.e164() + ": " + simulated->text);
  }
  co_return std::nullopt;
}

// Whether calls would go where, or when, they do not by what is in force.
bool adds_forwarding(pqxx::work& tx, const pstn::phone_number& number, const voicemail::inbound_rules& rules) {
  const voicemail::inbound_rules now = voicemail::find_rules(tx, number);
  const auto is_there = [&](const auto& wanted) {
    return std::ranges::any_of(now.forward, [&](const auto& each) { return voicemail::to_text(each) == voicemail::to_text(wanted); });
  };
  return !std::ranges::all_of(rules.forward, is_there);
}

boost::json::object to_json(const voicemail::inbound_rules& rules) {
  boost::json::array blocked, quiet, forward;
  for (const auto& each : rules.forward)
    forward.emplace_back(voicemail::to_text(each));
  for (const auto& each : rules.blocked)
    blocked.emplace_back(each);
  for (const auto& each : rules.quiet)
    quiet.emplace_back(voicemail::to_text(each));
  return {{"do_not_disturb", rules.do_not_disturb},
          {"refuse_anonymous", rules.refuse_anonymous},
          {"time_zone", rules.time_zone},
          {"blocked", std::move(blocked)},
          {"quiet", std::move(quiet)},
          {"forward", std::move(forward)}};
}

}  // namespace

awaitable<reply> get_number_rules(services& with, const request& from) {
  const auto number = pstn::phone_number::parse(from.parameters[0]);
  if (!number) co_return problem(voicemail::make_error_code(voicemail::error::number_unknown));
  const auto read = [&](pqxx::work& tx) { return voicemail::find_rules(tx, *number); };
  const result<voicemail::inbound_rules> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return found ? json_reply(200, to_json(*found)) : problem(found.error());
}

awaitable<reply> set_number_rules(services& with, const request& from) {
  const auto number = pstn::phone_number::parse(from.parameters[0]);
  auto fields = field_reader::of_body(from);
  voicemail::inbound_rules rules;
  rules.do_not_disturb = fields.flag("do_not_disturb").value_or(false);
  rules.refuse_anonymous = fields.flag("refuse_anonymous").value_or(false);
  rules.time_zone = fields.text("time_zone").value_or("");
  rules.blocked = fields.texts("blocked", voicemail::blocked_most).value_or(std::vector<std::string>{});
  for (std::size_t i = 0; i < rules.blocked.size(); ++i)
    if (!voicemail::is_caller_pattern(rules.blocked[i]))
      fields.complain_of("blocked", i, "must be a number such as +442079460958 or +4420*");
  const auto quiet = fields.texts("quiet", voicemail::quiet_most).value_or(std::vector<std::string>{});
  for (std::size_t i = 0; i < quiet.size(); ++i) {
    if (const auto period = voicemail::parse_quiet_period(quiet[i]))
      rules.quiet.push_back(*period);
    else
      fields.complain_of("quiet", i, "must be a period such as mon,tue 22:00-07:00");
  }
  const auto forward = fields.texts("forward", voicemail::forward_most).value_or(std::vector<std::string>{});
  for (std::size_t i = 0; i < forward.size(); ++i) {
    const auto target = voicemail::parse_forward_target(forward[i]);
    const auto same = [&target](const auto& other) { return other.number == target->number; };
    if (!target)
      fields.complain_of("forward", i, "must be a telephone such as +442079460958 busy,no_answer,offline 20");
    else if (std::any_of(rules.forward.begin(), rules.forward.end(), same))
      fields.complain_of("forward", i, "is there already: each telephone once");
    else
      rules.forward.push_back(*target);
  }
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!number) co_return problem(voicemail::make_error_code(voicemail::error::number_unknown));
  if (auto refusal = co_await check_forwarding(with, *number, rules)) co_return *refusal;
  bool adds = false;
  const auto apply = [&](pqxx::work& tx) -> result<voicemail::inbound_rules> {
    adds = !may_set(from, guarded::number_forwarding) && adds_forwarding(tx, *number, rules);
    if (adds) return voicemail::make_error_code(voicemail::error::number_not_yours);
    const auto set = voicemail::set_rules(tx, *number, rules);
    if (set.has_error()) return set.error();
    return voicemail::find_rules(tx, *number);
  };
  const result<voicemail::inbound_rules> done = co_await with.database.run(apply, db::run_options{.idempotent = true});
  if (adds) co_return forbidden(guarded::number_forwarding);
  co_return done ? json_reply(200, to_json(*done)) : problem(done.error());
}

}  // namespace tollgate::gateway::api
