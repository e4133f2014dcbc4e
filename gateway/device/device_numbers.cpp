// SPDX-License-Identifier: Apache-2.0
// An owner's numbers at a device (overlay/wire.md, "Requests"): until when they are paid for, and what is done with their callers.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "billing/account.hpp"
#include "gateway/device/device_desk.hpp"
#include "gateway/device/number_body.hpp"
#include "gateway/device/request_fields.hpp"
#include "gateway/overlay/frame.hpp"
#include "gateway/subscriber/calling_policy.hpp"
#include "gateway/subscriber/subscriber_store.hpp"
#include "voicemail/forward_text.hpp"
#include "voicemail/number_store.hpp"
#include "voicemail/quiet_text.hpp"

namespace tollgate::gateway::device {

namespace json = boost::json;
using boost::uuids::uuid;

namespace {

constexpr int numbers_most = 40;  // what fits in a frame, as a rule
constexpr std::size_t list_most_bytes = overlay::frame_size_max_bytes - 1024;
constexpr std::size_t shown_blocked_most = 200;
constexpr std::size_t changed_blocked_most = 100;  // in one request

// What a request changes; nothing: that stays as it is.
struct wish {
  std::optional<bool> auto_renew{}, has_voicemail{}, do_not_disturb{}, refuse_anonymous{};
  std::optional<std::int64_t> ring_timeout_s{};  // 0: the operator's
  std::optional<std::vector<voicemail::forward_target>> forward{};
  std::optional<std::vector<voicemail::quiet_period>> quiet{};
  std::optional<std::string> time_zone{};
  std::vector<std::string> block{}, unblock{};

  bool changes_rules() const {
    return do_not_disturb || refuse_anonymous || forward || quiet || time_zone || !block.empty() || !unblock.empty();
  }
};

// The patterns themselves, where one number is told of: a list of numbers would not fit with them.
void put_blocked(json::object& body, const voicemail::inbound_rules& rules) {
  json::array blocked;
  for (const auto& pattern : rules.blocked)
    if (blocked.size() < shown_blocked_most) blocked.emplace_back(pattern);
  body["blocked"] = std::move(blocked);
}

// False: it is there and no boolean.
bool read_flag(const json::object& body, std::string_view key, std::optional<bool>& into) {
  const auto* const value = body.if_contains(key);
  if (value == nullptr) return true;
  if (value->is_bool()) into = value->get_bool();
  return value->is_bool();
}

bool read_forward(const json::object& body, wish& into) {
  const auto* const list = body.if_contains("forward");
  if (list == nullptr) return true;
  if (!list->is_array() || list->get_array().size() > voicemail::forward_most) return false;
  auto& targets = into.forward.emplace();
  for (const auto& one : list->get_array()) {
    const auto target = one.is_string() ? voicemail::parse_forward_target(one.get_string()) : std::nullopt;
    if (!target) return false;
    for (const auto& other : targets)
      if (other.number == target->number) return false;
    targets.push_back(*target);
  }
  return true;
}

bool read_quiet(const json::object& body, wish& into) {
  const auto* const list = body.if_contains("quiet");
  if (list == nullptr) return true;
  if (!list->is_array() || list->get_array().size() > voicemail::quiet_most) return false;
  auto& periods = into.quiet.emplace();
  for (const auto& one : list->get_array()) {
    const auto period = one.is_string() ? voicemail::parse_quiet_period(one.get_string()) : std::nullopt;
    if (!period) return false;
    periods.push_back(*period);
  }
  return true;
}

bool read_patterns(const json::object& body, std::string_view key, std::vector<std::string>& into) {
  const auto* const list = body.if_contains(key);
  if (list == nullptr) return true;
  if (!list->is_array() || list->get_array().size() > changed_blocked_most) return false;
  for (const auto& one : list->get_array()) {
    if (!one.is_string() || !voicemail::is_caller_pattern(one.get_string())) return false;
    into.emplace_back(one.get_string());
  }
  return true;
}

// What is wrong with it, or nothing.
std::optional<std::string> read_wish(const json::object& body, wish& into) {
  if (!read_flag(body, "auto_renew", into.auto_renew) || !read_flag(body, "voicemail", into.has_voicemail) ||
      !read_flag(body, "do_not_disturb", into.do_not_disturb) || !read_flag(body, "refuse_anonymous", into.refuse_anonymous))
    return "auto_renew, voicemail, do_not_disturb and refuse_anonymous are true or false.";
  if (!read_forward(body, into))
    return "forward has at most three telephones, each once, such as +442079460958 busy,no_answer,offline 20.";
  if (!read_quiet(body, into)) return "quiet has at most 50 periods such as mon,tue 22:00-07:00.";
  if (!read_patterns(body, "block", into.block) || !read_patterns(body, "unblock", into.unblock))
    return "block and unblock have at most 100 numbers such as +442079460958 or +4420*.";
  if (body.contains("time_zone") && !(into.time_zone = text_of(body, "time_zone"))) return "time_zone is a name such as Europe/London.";
  if (body.contains("ring_timeout_s")) {
    into.ring_timeout_s = integer_of(body, "ring_timeout_s", 0, 0, 120);
    if (!into.ring_timeout_s || (*into.ring_timeout_s > 0 && *into.ring_timeout_s < 5))
      return "ring_timeout_s is 5 to 120 seconds, or 0: the operator's.";
  }
  return std::nullopt;
}

void merge(voicemail::inbound_rules& rules, const wish& wanted) {
  rules.do_not_disturb = wanted.do_not_disturb.value_or(rules.do_not_disturb);
  rules.refuse_anonymous = wanted.refuse_anonymous.value_or(rules.refuse_anonymous);
  if (wanted.forward) rules.forward = *wanted.forward;
  if (wanted.quiet) rules.quiet = *wanted.quiet;
  if (wanted.time_zone) rules.time_zone = *wanted.time_zone;
  for (const auto& pattern : wanted.unblock)
    rules.blocked.erase(std::remove(rules.blocked.begin(), rules.blocked.end(), pattern), rules.blocked.end());
  for (const auto& pattern : wanted.block)
    if (std::find(rules.blocked.begin(), rules.blocked.end(), pattern) == rules.blocked.end()) rules.blocked.push_back(pattern);
}

// The first of the targets that calls of this account may not go to at all; all of it is looked at again when a call does.
boost::system::result<void> check_targets(pqxx::work& tx, const uuid& account, const std::vector<voicemail::forward_target>& targets,
                                          const pstn::number::dial_policy& general) {
  const auto who = subscriber::find_subscriber(tx, account);
  if (!who) return who.error();
  const auto policy = pstn::number::merged(general, subscriber::find_calling_policy(tx, account).dial);
  for (const auto& target : targets)
    if (const auto may = pstn::number::interpret(target.number.e164(), who->region, policy); !may) return may.error();
  return {};
}

boost::system::result<void> carry_out(pqxx::work& tx, const uuid& account, const voicemail::number_record& number, const wish& wanted,
                                      const pstn::number::dial_policy& general) {
  auto ring_timeout = number.ring_timeout;
  if (wanted.ring_timeout_s) ring_timeout.reset();
  if (wanted.ring_timeout_s.value_or(0) > 0) ring_timeout = std::chrono::seconds(*wanted.ring_timeout_s);
  const auto changed = voicemail::change_settings(tx, number.number, account,
                                                  {.auto_renew = wanted.auto_renew.value_or(number.auto_renew),
                                                   .voicemail_enabled = wanted.has_voicemail.value_or(number.voicemail_enabled),
                                                   .ring_timeout = ring_timeout});
  if (!changed || !wanted.changes_rules()) return changed;
  if (wanted.forward)
    if (const auto may = check_targets(tx, account, *wanted.forward, general); !may) return may.error();
  auto rules = voicemail::find_rules(tx, number.number);
  merge(rules, wanted);
  if (rules.blocked.size() > voicemail::blocked_most) return voicemail::make_error_code(voicemail::error::blocked_exhausted);
  return voicemail::set_rules(tx, number.number, rules);
}

}  // namespace

boost::asio::awaitable<device_desk::reply> device_desk::numbers(uuid account, json::object body) {
  if (body.contains("op")) co_return co_await rent_number(account, std::move(body));
  if (body.contains("number")) co_return co_await change_number(account, std::move(body));
  struct own_number {
    voicemail::number_record number;
    voicemail::inbound_rules rules;
  };
  const auto work = [account](pqxx::work& tx) {
    std::vector<own_number> found;
    for (auto& number : voicemail::list_numbers(tx, {.account_id = account, .limit = numbers_most})) {
      auto rules = voicemail::find_rules(tx, number.number);
      found.push_back({std::move(number), std::move(rules)});
    }
    return found;
  };
  const auto found = co_await with_.database.run(work, {.idempotent = true});
  if (!found) co_return unavailable;
  json::array list;
  std::size_t bytes = 0;
  for (const auto& one : *found) {
    auto told = number_body(one.number, one.rules);
    bytes += json::serialize(told).size() + 1;
    if (bytes > list_most_bytes) break;
    list.push_back(std::move(told));
  }
  co_return json::object{{"numbers", std::move(list)}};
}

boost::asio::awaitable<device_desk::reply> device_desk::change_number(uuid account, json::object body) {
  const auto number = pstn::phone_number::parse(text_of(body, "number").value_or(""));
  if (!number) co_return bad_request("number is one of yours, as it is listed.");
  wish wanted;
  if (auto wrong = read_wish(body, wanted)) co_return bad_request(std::move(*wrong));
  const auto general = with_.dial_policy();  // here: the work is another thread's
  const auto work = [&](pqxx::work& tx) -> boost::system::result<json::object> {
    const auto before = voicemail::find_number(tx, *number);
    if (!before) return voicemail::make_error_code(voicemail::error::number_not_yours);  // whose it is, is nobody's business
    const auto done = carry_out(tx, account, *before, wanted, general);
    if (!done) return done.error();
    const auto rules = voicemail::find_rules(tx, *number);
    auto told = number_body(*voicemail::find_number(tx, *number), rules);
    put_blocked(told, rules);
    return told;
  };
  const auto changed = co_await with_.database.run(work, {.idempotent = true});
  if (!changed) co_return number_refusal(changed.error());
  co_return *changed;
}

}  // namespace tollgate::gateway::device
