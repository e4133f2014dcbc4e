// SPDX-License-Identifier: Apache-2.0
// What the owner of a number wants done with its callers.
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "voicemail/inbound_rules.hpp"

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

boost::json::object to_json(const voicemail::inbound_rules& rules) {
  boost::json::array blocked, quiet;
  for (const auto& each : rules.blocked)
    blocked.emplace_back(each);
  for (const auto& each : rules.quiet)
    quiet.emplace_back(period_text(each));
  return {{"do_not_disturb", rules.do_not_disturb},
          {"refuse_anonymous", rules.refuse_anonymous},
          {"time_zone", rules.time_zone},
          {"blocked", std::move(blocked)},
          {"quiet", std::move(quiet)}};
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
  for (const auto& each : rules.blocked)
    if (!voicemail::is_caller_pattern(each)) fields.complain("blocked", "has numbers such as +442079460958 or +4420*");
  for (const auto& each : fields.texts("quiet", voicemail::quiet_most).value_or(std::vector<std::string>{})) {
    if (const auto period = parse_period(each))
      rules.quiet.push_back(*period);
    else
      fields.complain("quiet", "has periods such as mon,tue 22:00-07:00");
  }
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!number) co_return problem(voicemail::make_error_code(voicemail::error::number_unknown));
  const auto apply = [&](pqxx::work& tx) { return voicemail::set_rules(tx, *number, rules); };
  const result<void> done = co_await with.database.run(apply, db::run_options{.idempotent = true});
  if (done.has_error()) co_return problem(done.error());
  co_return json_reply(200, to_json(rules));
}

}  // namespace tollgate::gateway::api
