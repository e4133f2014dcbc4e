// SPDX-License-Identifier: Apache-2.0
// The requests of an attached device (overlay/wire.md, "Requests"): balance, rate, calls, turn.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "billing/account.hpp"
#include "billing/cdr.hpp"
#include "billing/error.hpp"
#include "gateway/call/summary.hpp"
#include "gateway/device/device_desk.hpp"
#include "gateway/device/request_fields.hpp"
#include "gateway/subscriber/calling_policy.hpp"
#include "gateway/subscriber/subscriber_store.hpp"

namespace tollgate::gateway::device {

namespace json = boost::json;
using boost::uuids::uuid;

namespace {

json::object call_body(const billing::call_record& record) {
  const auto& call = record.call;
  json::object body{{"call_id", boost::uuids::to_string(call.call_id)},
                    {"direction", billing::to_string(call.direction)},
                    {"from", call.caller},
                    {"to", call.callee},
                    {"duration_ms", call.talk.count()},
                    {"billed_s", record.billed.count()},
                    {"currency", record.currency},
                    {"reason", call.reason}};
  if (!call.caller_verdict.empty()) body["from_verdict"] = call.caller_verdict;
  if (call.started) body["started"] = time_text(*call.started);
  call::put_money(body, "charged", record.charged);
  return body;
}

overlay::refusal refusal_of(const billing::redemption& answer) {
  std::string text;
  switch (answer.why) {
    case billing::error::voucher_locked:
      text = "Too many wrong PINs were tried: wait " + std::to_string(answer.retry_after.count()) + " s.";
      break;
    case billing::error::voucher_unknown:
      text = "There is no voucher with this PIN.";
      break;
    case billing::error::voucher_used:
      text = "This voucher has been redeemed already.";
      break;
    case billing::error::voucher_expired:
      text = "This voucher has expired.";
      break;
    case billing::error::wrong_currency:
      text = "This voucher is of another currency than your account.";
      break;
    default:
      text = billing::make_error_code(answer.why).message();
      break;
  }
  return {billing::code_of(answer.why), text};
}

}  // namespace

boost::asio::awaitable<device_desk::reply> device_desk::request(overlay::session_ptr device, std::string type,
                                                                json::object body) {
  const auto account = device->account_id();
  if (type == "balance") co_return co_await balance(account);
  if (type == "rate") co_return co_await rate(account, std::move(body));
  if (type == "calls") co_return co_await calls(account, std::move(body));
  if (type == "turn") co_return turn(account);
  if (type == "voucher") co_return co_await voucher(account, std::move(body));
  if (type == "reactivate") co_return co_await reactivate(account);
  if (type == "numbers") co_return co_await numbers(account, std::move(body));
  if (type == "voicemail") co_return co_await voicemail(std::move(device), std::move(body));
  co_return overlay::refusal{"unknown_type", "This gateway does not know requests of this type."};
}

device_desk::reply device_desk::turn(const uuid& account) const {
  if (with_.relay.urls.empty()) return overlay::refusal{"no_relay", "This gateway has no relay."};
  const auto made =
      overlay::make_turn_credentials(with_.relay, boost::uuids::to_string(account), with_.time.wall());
  json::array urls;
  for (const auto& url : with_.relay.urls)
    urls.emplace_back(url);
  return json::object{{"urls", std::move(urls)},
                      {"username", made.username},
                      {"credential", made.password},
                      {"lifetime_s", with_.relay.lifetime.count()}};
}

boost::asio::awaitable<device_desk::reply> device_desk::balance(uuid account) {
  struct credit {
    billing::account account;
    billing::credit_life life;
  };
  const auto work = [&](pqxx::work& tx) -> boost::system::result<credit> {
    const auto found = billing::find_account(tx, account);
    if (!found) return found.error();
    const auto life = billing::find_credit_life(tx, account, with_.lapse);
    if (!life) return life.error();
    return credit{*found, *life};
  };
  const auto found = co_await with_.database.run(work, {.idempotent = true});
  if (!found) co_return unavailable;
  json::object body{{"currency", found->account.currency}};
  call::put_money(body, "balance", found->account.credit.posted);
  call::put_money(body, "held", found->account.credit.held);
  call::put_money(body, "available", found->account.credit.available());
  call::put_money(body, "inactive", found->life.inactive);
  if (found->life.lapses_at && found->account.credit.posted > billing::money{})
    body["lapses_at"] = time_text(*found->life.lapses_at);
  co_return body;
}

boost::asio::awaitable<device_desk::reply> device_desk::voucher(uuid account, json::object body) {
  const auto pin = billing::parse_pin(text_of(body, "pin").value_or(""));
  if (!pin) co_return bad_request("A voucher's PIN has 16 digits.");
  const auto now = with_.time.wall();
  const auto work = [&](pqxx::work& tx) {
    return billing::redeem_voucher(tx, with_.voucher_key, account, *pin, now);
  };
  const auto done = co_await with_.database.run(work, {.idempotent = true});
  if (!done) co_return unavailable;
  if (done->status == billing::redemption_status::refused) co_return refusal_of(*done);
  json::object answer{{"repeated", done->status == billing::redemption_status::repeated}};
  call::put_money(answer, "value", done->value);
  call::put_money(answer, "balance", done->balance_after);
  co_return answer;
}

boost::asio::awaitable<device_desk::reply> device_desk::reactivate(uuid account) {
  const auto now = with_.time.wall();
  const auto work = [&](pqxx::work& tx) {
    return billing::reactivate(tx, account, billing::actor::subscriber, now);
  };
  const auto done = co_await with_.database.run(work, {.idempotent = true});
  if (!done && done.error() == billing::error::nothing_inactive)
    co_return overlay::refusal{"nothing_inactive", "None of your credit is inactive."};
  if (!done && done.error() == billing::error::account_blocked)
    co_return overlay::refusal{"account_blocked", "This account is blocked."};
  if (!done) co_return unavailable;
  with_.tasks.spawn("deliver_events", deliver_events({account}));
  json::object answer;
  call::put_money(answer, "reactivated", done->amount);
  call::put_money(answer, "balance", done->balance_after);
  co_return answer;
}

boost::asio::awaitable<device_desk::reply> device_desk::rate(uuid account, json::object body) {
  const auto number = text_of(body, "number");
  if (!number) co_return bad_request("A rate request names the number.");
  struct caller {
    std::string region;
    billing::deck_choice decks;
    std::string currency;
    pstn::number::account_dial_policy dial;
  };
  const auto work = [account](pqxx::work& tx) -> boost::system::result<caller> {
    const auto who = subscriber::find_subscriber(tx, account);
    if (!who) return who.error();
    const auto money = billing::find_account(tx, account);
    if (!money) return money.error();
    return caller{who->region,
                  {money->deck, money->own_deck},
                  money->currency,
                  subscriber::find_calling_policy(tx, account).dial};
  };
  const auto who = co_await with_.database.run(work, {.idempotent = true});
  if (!who) co_return unavailable;
  const auto dialled =
      pstn::number::interpret(*number, who->region, pstn::number::merged(with_.dial_policy(), who->dial));
  if (!dialled) {
    const auto why = static_cast<pstn::number::dial_error>(dialled.error().value());
    co_return overlay::refusal{std::string(code(why)), std::string(sentence(why))};
  }
  const auto rates = with_.rates(who->decks);
  const auto* found = rates->find(dialled->number.digits());
  if (!found || rates->currency() != who->currency)
    co_return overlay::refusal{"no_rate", "There is no price for calls to this number."};
  json::object answer{{"number", dialled->number.e164()}, {"region", dialled->region}};
  call::put_price(answer, *found, rates->currency());
  co_return answer;
}

boost::asio::awaitable<device_desk::reply> device_desk::calls(uuid account, json::object body) {
  const auto limit = integer_of(body, "limit", 20, 1, 50);
  if (!limit) co_return bad_request("limit is a number from 1 to 50.");
  const auto before = id_of(body, "before");
  if (body.contains("before") && !before)
    co_return bad_request("before is the call_id of the last call of the page before.");
  const auto work = [&](pqxx::work& tx) {
    return billing::list_calls(tx, account, static_cast<int>(*limit), before);
  };
  const auto records = co_await with_.database.run(work, {.idempotent = true});
  if (!records) co_return unavailable;
  json::array list;
  for (const auto& record : *records)
    list.push_back(call_body(record));
  co_return json::object{{"calls", std::move(list)}};
}

}  // namespace tollgate::gateway::device
