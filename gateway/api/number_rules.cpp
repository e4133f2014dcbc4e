// SPDX-License-Identifier: Apache-2.0
// What the owner of a number wants done with its callers.
#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "voicemail/forward_text.hpp"
#include "voicemail/inbound_rules.hpp"
#include "voicemail/number_store.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;
using std::chrono::minutes;

constexpr std::array<std::string_view, 7> day_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

std::string clock_text(minutes of_day) {
  const auto two = [](std::int64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); };
  return two(of_day.count() / 60) + ":" + two(of_day.count() % 60);
}

// "22:30"
std::optional<minutes> parse_clock(std::string_view text) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9' ? text[at] - '0' : 99; };
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const int hour = digit(0) * 10 + digit(1), minute = digit(3) * 10 + digit(4);
  if (hour > 23 || minute > 59) return std::nullopt;
  return minutes(hour * 60 + minute);
}

// {"days": ["mon", …], "from": "22:00", "to": "07:00"} as "mon,tue 22:00-07:00", and back: lists of texts are what bodies have.
std::string period_text(const voicemail::quiet_period& period) {
  std::string text;
  for (std::size_t day = 0; day < day_names.size(); ++day)
    if ((period.days >> day & 1U) != 0) text += (text.empty() ? "" : ",") + std::string(day_names[day]);
  return text + " " + clock_text(period.from) + "-" + clock_text(period.to);
}

std::optional<voicemail::quiet_period> parse_period(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos || text.size() != space + 12 || text[space + 6] != '-') return std::nullopt;
  const auto from = parse_clock(text.substr(space + 1, 5)), to = parse_clock(text.substr(space + 7, 5));
  if (!from || !to) return std::nullopt;
  voicemail::quiet_period period{0, *from, *to};
  for (auto days = text.substr(0, space);;) {
    const auto comma = days.find(',');
    const auto known = std::find(day_names.begin(), day_names.end(), days.substr(0, comma));
    if (known == day_names.end()) return std::nullopt;
    period.days |= 1U << (known - day_names.begin());
    if (comma == std::string_view::npos) return period;
    days.remove_prefix(comma + 1);
  }
}

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

boost::json::object to_json(const voicemail::inbound_rules& rules) {
  boost::json::array blocked, quiet, forward;
  for (const auto& each : rules.forward)
    forward.emplace_back(voicemail::to_text(each));
  for (const auto& each : rules.blocked)
    blocked.emplace_back(each);
  for (const auto& each : rules.quiet)
    quiet.emplace_back(period_text(each));
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
  rules.time_zone = fields.text("time_zone").value_or("UTC");
  rules.blocked = fields.texts("blocked", voicemail::blocked_most).value_or(std::vector<std::string>{});
  for (std::size_t i = 0; i < rules.blocked.size(); ++i)
    if (!voicemail::is_caller_pattern(rules.blocked[i]))
      fields.complain_of("blocked", i, "must be a number such as +442079460958 or +4420*");
  const auto quiet = fields.texts("quiet", voicemail::quiet_most).value_or(std::vector<std::string>{});
  for (std::size_t i = 0; i < quiet.size(); ++i) {
    if (const auto period = parse_period(quiet[i]))
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
  const auto apply = [&](pqxx::work& tx) { return voicemail::set_rules(tx, *number, rules); };
  const result<void> done = co_await with.database.run(apply, db::run_options{.idempotent = true});
  if (done.has_error()) co_return problem(done.error());
  co_return json_reply(200, to_json(rules));
}

}  // namespace tollgate::gateway::api
