// SPDX-License-Identifier: Apache-2.0
// An owner's numbers at a device (overlay/wire.md, "Requests"): until when they are paid for, and what is done with their callers.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "billing/account.hpp"
#include "gateway/device/device_desk.hpp"
#include "gateway/device/request_fields.hpp"
#include "gateway/subscriber/calling_policy.hpp"
#include "gateway/subscriber/subscriber_store.hpp"
#include "voicemail/forward_text.hpp"
#include "voicemail/number_store.hpp"

namespace tollgate::gateway::device {

namespace json = boost::json;
using boost::uuids::uuid;

namespace {

constexpr int numbers_most = 40;  // what fits in a frame

// What a request changes; nothing: that stays as it is.
struct wish {
  std::optional<bool> auto_renew{}, has_voicemail{}, do_not_disturb{};
  std::optional<std::vector<voicemail::forward_target>> forward{};
};

json::object number_body(const voicemail::number_record& number, const voicemail::inbound_rules& rules) {
  json::array forward;
  for (const auto& target : rules.forward)
    forward.emplace_back(voicemail::to_text(target));
  json::object body{{"number", number.number.e164()},
                    {"area", number.area},
                    {"state", voicemail::to_text(number.state)},
                    {"term_months", number.term_months},
                    {"auto_renew", number.auto_renew},
                    {"voicemail", number.voicemail_enabled},
                    {"do_not_disturb", rules.do_not_disturb},
                    {"forward", std::move(forward)}};
  if (number.dates.paid_until) body["paid_until"] = time_text(*number.dates.paid_until);
  return body;
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

overlay::refusal refusal_of(const boost::system::error_code& why) {
  if (why.category() == voicemail::error_category())
    return {voicemail::code_text(static_cast<voicemail::error>(why.value())), why.message() + "."};
  if (why.category() == pstn::number::dial_category()) {
    const auto dial = static_cast<pstn::number::dial_error>(why.value());
    return {std::string(code(dial)), std::string(sentence(dial))};
  }
  return unavailable;
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
  const auto changed = voicemail::change_settings(tx, number.number, account,
                                                  {.auto_renew = wanted.auto_renew.value_or(number.auto_renew),
                                                   .voicemail_enabled = wanted.has_voicemail.value_or(number.voicemail_enabled),
                                                   .ring_timeout = number.ring_timeout});
  if (!changed || (!wanted.do_not_disturb && !wanted.forward)) return changed;
  auto rules = voicemail::find_rules(tx, number.number);
  rules.do_not_disturb = wanted.do_not_disturb.value_or(rules.do_not_disturb);
  if (wanted.forward) {
    const auto may = check_targets(tx, account, *wanted.forward, general);
    if (!may) return may.error();
    rules.forward = *wanted.forward;
  }
  return voicemail::set_rules(tx, number.number, rules);
}

}  // namespace

boost::asio::awaitable<device_desk::reply> device_desk::numbers(uuid account, json::object body) {
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
  for (const auto& one : *found)
    list.push_back(number_body(one.number, one.rules));
  co_return json::object{{"numbers", std::move(list)}};
}

boost::asio::awaitable<device_desk::reply> device_desk::change_number(uuid account, json::object body) {
  const auto number = pstn::phone_number::parse(text_of(body, "number").value_or(""));
  if (!number) co_return bad_request("number is one of yours, as it is listed.");
  wish wanted;
  if (!read_flag(body, "auto_renew", wanted.auto_renew) || !read_flag(body, "voicemail", wanted.has_voicemail) ||
      !read_flag(body, "do_not_disturb", wanted.do_not_disturb))
    co_return bad_request("auto_renew, voicemail and do_not_disturb are true or false.");
  if (!read_forward(body, wanted))
    co_return bad_request("forward has at most three telephones, each once, such as +442079460958 busy,no_answer,offline 20.");
  const auto work = [&](pqxx::work& tx) -> boost::system::result<json::object> {
    const auto before = voicemail::find_number(tx, *number);
    if (!before) return voicemail::make_error_code(voicemail::error::number_not_yours);  // whose it is, is nobody's business
    const auto done = carry_out(tx, account, *before, wanted, with_.dial_policy);
    if (!done) return done.error();
    return number_body(*voicemail::find_number(tx, *number), voicemail::find_rules(tx, *number));
  };
  const auto changed = co_await with_.database.run(work, {.idempotent = true});
  if (!changed) co_return refusal_of(changed.error());
  co_return *changed;
}

}  // namespace tollgate::gateway::device
