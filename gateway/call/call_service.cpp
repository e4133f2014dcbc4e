// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/call_service.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "billing/fraud.hpp"
#include "gateway/call/inbound_call.hpp"
#include "gateway/call/outbound_call.hpp"
#include "gateway/call/outbound_plan.hpp"
#include "gateway/logging/line.hpp"
#include "gateway/subscriber/calling_policy.hpp"

namespace tollgate::gateway::call {

namespace sip = pstn::sip;

call_service::call_service(const environment& e, task_group& tasks, service_options options)
    : environment_(e),
      tasks_(tasks),
      options_(std::move(options)),
      targets_(e.executor, options_.resolver, options_.reached, options_.has_tls,
               [&trunks = e.trunks](const uuid& trunk_id, const sip::target_answer& answer) {
                 trunks.take_targets(trunk_id, answer);
               }) {}

boost::asio::awaitable<void> call_service::recover() {
  co_await environment_.settlements.replay();
  co_await environment_.messages.replay();
  const auto work = [this](pqxx::work& tx) {
    return billing::settle_orphans(tx, environment_.settings.node, environment_.settings.instance);
  };
  const auto settled = co_await environment_.database.run(work, {.idempotent = true});
  if (!settled)
    spdlog::error("event=orphans_not_settled error={}", logging::text(settled.error().message()));
  else if (*settled > 0)
    spdlog::warn("event=orphans_settled calls={}", *settled);
}

void call_service::start() {
  tasks_.spawn("report_use", report_periodically());
  tasks_.spawn("reap_holds", reap_periodically());
  tasks_.spawn("replay_spool", replay_periodically());
  tasks_.spawn("probe_trunks", probe_periodically());
}

void call_service::stop() {
  stopped_ = true;
  for (const auto& weak : pauses_)
    if (const auto timer = weak.lock()) timer->cancel();
}

boost::asio::awaitable<bool> call_service::pause(std::chrono::steady_clock::duration time) {
  if (stopped_) co_return false;
  const auto timer = std::make_shared<boost::asio::steady_timer>(environment_.executor, time);
  std::erase_if(pauses_, [](const auto& weak) { return weak.expired(); });
  pauses_.push_back(timer);
  boost::system::error_code ignored;
  co_await timer->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  co_return !stopped_;
}

// g++ 12 miscompiles co_await in the condition of a loop: the answer goes into a variable first.

boost::asio::awaitable<void> call_service::report_periodically() {
  for (;;) {
    const bool on = co_await pause(options_.report_interval);
    if (!on) co_return;
    co_await report_use();
    for (const auto& call : environment_.registry.all())
      if (call->facts().holds_credit && call->facts().answered) call->deliver(cost_due{});
    co_await check_policies();
  }
}

namespace {

struct policy_question {
  uuid call_id;
  uuid account_id;
  pstn::phone_number number;
  billing::money spent;  // by this call so far
};

// The policies that accounts of live calls have now, and what they have spent on those countries.
struct policy_answer {
  subscriber::calling_policy policy;
  std::int64_t spent_micros = 0;  // with this call
};

std::vector<policy_answer> read_policies(pqxx::work& tx, const std::vector<policy_question>& questions) {
  std::vector<uuid> accounts;
  for (const auto& one : questions)
    accounts.push_back(one.account_id);
  const auto policies = subscriber::find_calling_policies(tx, accounts);
  std::vector<policy_answer> answers;
  for (const auto& one : questions) {
    policy_answer found;
    if (const auto own = policies.find(one.account_id); own != policies.end()) found.policy = own->second;
    if (found.policy.country_spend_day_micros)
      found.spent_micros = one.spent.micros + subscriber::spent_on_country(
                                                  tx, one.account_id, one.number.country_code(), one.call_id);
    answers.push_back(std::move(found));
  }
  return answers;
}

}  // namespace

// What was permitted when a call began may be shut, or its limit reached, while it goes on.
boost::asio::awaitable<void> call_service::check_policies() {
  std::vector<policy_question> questions;
  const auto now = environment_.time.steady();
  for (const auto& call : environment_.registry.all()) {
    const auto& facts = call->facts();
    const auto number = pstn::phone_number::parse(facts.callee);
    if (!facts.holds_credit || !facts.rate || !number) continue;
    billing::money spent;
    if (facts.answered)
      spent = billing::call_price(
          *facts.rate, std::chrono::duration_cast<std::chrono::milliseconds>(now - *facts.answered));
    questions.push_back({facts.call_id, facts.account_id, *number, spent});
  }
  if (questions.empty()) co_return;
  const auto work = [&](pqxx::work& tx) { return read_policies(tx, questions); };
  const auto answers = co_await environment_.database.run(work, {.idempotent = true});
  if (!answers) co_return;  // the next round asks again
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto& [policy, spent_micros] = (*answers)[i];
    const auto type = pstn::number::classify(questions[i].number);
    const auto permitted =
        pstn::number::permit({questions[i].number, std::string(type.region), type.type},
                             pstn::number::merged(environment_.settings.dial_policy, policy.dial));
    if (permitted.has_error()) {
      const auto why = static_cast<pstn::number::dial_error>(permitted.error().value());
      hang_up(questions[i].call_id, std::string(code(why)), std::string(sentence(why)));
    } else if (policy.country_spend_day_micros && spent_micros > *policy.country_spend_day_micros) {
      hang_up(questions[i].call_id, std::string(country_limit_code), std::string(country_limit_text));
    }
  }
}

boost::asio::awaitable<void> call_service::report_use() {
  std::vector<billing::usage> calls;
  const auto now = environment_.time.steady();
  for (const auto& call : environment_.registry.all()) {
    const auto& facts = call->facts();
    if (!facts.holds_credit) continue;
    std::chrono::seconds used{0};
    if (facts.answered) used = std::chrono::floor<std::chrono::seconds>(now - *facts.answered);
    calls.push_back({facts.account_id, facts.call_id, used});
  }
  if (calls.empty()) co_return;
  const auto work = [&](pqxx::transaction_base& tx) {
    return billing::report_usage(tx, environment_.settings.instance, calls, environment_.settings.hold_lease);
  };
  const auto answer = co_await environment_.database.step(work);
  if (!answer) {  // the calls go on within their holds; the leases outlast several reports
    spdlog::warn("event=use_not_reported calls={} error={}", calls.size(), logging::text(answer.error().message()));
    co_return;
  }
  for (const auto& id : answer->without_hold) {
    const auto call = environment_.registry.find(id);
    if (call && call->facts().holds_credit) call->deliver(hold_lost{});
  }
}

boost::asio::awaitable<void> call_service::reap_periodically() {
  for (;;) {
    const bool on = co_await pause(options_.reaper_interval);
    if (!on) co_return;
    co_await report_use();  // after a long outage our own calls must not look abandoned
    const auto work = [this](pqxx::work& tx) { return billing::reap_holds(tx, options_.reaper_grace, 100); };
    const auto reaped = co_await environment_.database.run(work, {.idempotent = true});
    if (reaped && *reaped > 0) spdlog::warn("event=holds_reaped calls={}", *reaped);
    if (!environment_.settings.fraud_limits) continue;
    const auto watch = [](pqxx::work& tx) { return billing::watch_fraud(tx); };
    const auto over = co_await environment_.database.run(watch, {.idempotent = true});
    if (!over) spdlog::error("event=fraud_watch_failed error={}", logging::text(over.error().message()));
    if (over && *over) spdlog::warn("event=fraud_limit account=all refused=true");
  }
}

boost::asio::awaitable<void> call_service::replay_periodically() {
  for (;;) {
    const bool on = co_await pause(options_.replay_interval);
    if (!on) co_return;
    if (environment_.settlements.backlog()) co_await environment_.settlements.replay();
    if (environment_.messages.backlog()) co_await environment_.messages.replay();
  }
}

boost::asio::awaitable<void> call_service::probe_periodically() {
  for (;;) {
    const bool on = co_await pause(std::chrono::seconds(1));
    if (!on) co_return;
    environment_.trunks.look_up_due(
        [this](const uuid& trunk_id, const sip::target_query& query) { targets_.ask(trunk_id, query); });
    environment_.trunks.send_due_probes(environment_.sip);
    environment_.trunks.keep_registered(environment_.sip);
  }
}

void call_service::place_call(const overlay::session_ptr& device, const overlay::call_offer& offer) {
  if (draining_ && offer.to.size() > overlay::longest_emergency) {
    const auto why = refusal_while_draining();
    device->send_hangup(offer.call, why.code, why.text, {});
    return;
  }
  if (environment_.registry.find(device->account_id(), offer.call)) {
    device->send_error(offer.call, "call_exists", "A call with this id is live already.");
    return;
  }
  tasks_.spawn("outbound_call",
               outbound_call::run(std::make_shared<outbound_call>(environment_, device, offer, draining_)));
}

void call_service::on_sip(sip::event event) {
  if (auto* invite = std::get_if<sip::incoming_invite>(&event)) return take_call(std::move(*invite));
  if (const auto* result = std::get_if<sip::options_result>(&event))
    return environment_.trunks.on_probe_answered(*result);
  if (const auto* result = std::get_if<sip::registration_result>(&event))
    return environment_.trunks.on_registration(*result);
  const auto key = sip::key_of(event);
  if (const auto call = environment_.registry.find(key)) {
    call->deliver(std::move(event));
    return;
  }
  // The call is gone, but its dialog is not: never leave a BYE or a re-INVITE of it without an answer.
  if (std::holds_alternative<sip::bye_received>(event)) environment_.sip.confirm_bye(key);
  if (std::holds_alternative<sip::reinvite>(event)) environment_.sip.answer_reinvite(key, "");
}

void call_service::take_call(sip::incoming_invite invite) {
  const auto trunk = environment_.trunks.match_inbound(invite);
  if (!trunk) return environment_.sip.reject(invite.key, 403, "Forbidden", 21);  // removed a moment ago
  if (draining_) return environment_.sip.reject(invite.key, 503, "Service Unavailable", 41);
  if (!environment_.trunks.has_room_for_call_in(trunk)) {  // before anything is done for it: an INVITE's source may be forged
    spdlog::info("event=call_refused direction=in trunk={} reason=trunk_full", logging::text(trunk->name));
    environment_.trunks.call_came(trunk, false);
    return environment_.sip.reject(invite.key, 503, "Service Unavailable", 34);
  }
  environment_.trunks.call_came(trunk, true);
  environment_.trunks.call_started(trunk);  // before the next INVITE asks for room; run() gives it back
  tasks_.spawn("inbound_call",
               inbound_call::run(std::make_shared<inbound_call>(environment_, std::move(invite), trunk)));
}

void call_service::to_call(const uuid& account_id, const std::string& overlay_call, call_event event) {
  if (const auto call = environment_.registry.find(account_id, overlay_call)) call->deliver(std::move(event));
}

void call_service::on_attached(const overlay::session_ptr& device) {
  for (const auto& call : environment_.registry.all())
    if (call->facts().account_id == device->account_id()) call->deliver(peer_event::reattached{device});
}

void call_service::on_detached(const overlay::session_ptr& device) {
  for (const auto& call : environment_.registry.all())
    if (call->facts().account_id == device->account_id()) call->deliver(peer_event::detached{device});
}

void call_service::credit_grew(const std::optional<uuid>& account_id) {
  for (const auto& call : environment_.registry.all())
    if (call->facts().holds_credit && (!account_id || call->facts().account_id == *account_id))
      call->deliver(call::credit_grew{});
}

void call_service::set_draining(bool draining) {
  draining_ = draining;
  environment_.sip.set_draining(draining);
}

bool call_service::hang_up(const uuid& call_id, const std::string& reason, const std::string& text, bool spares_emergencies) {
  const auto call = environment_.registry.find(call_id);
  if (call) call->deliver(operator_hang_up{reason, text, spares_emergencies});
  return call != nullptr;
}

boost::asio::awaitable<void> call_service::wait_for_end(std::chrono::seconds deadline) {
  const auto until = environment_.time.steady() + deadline;
  hurried_ = false;
  while (environment_.registry.size() > 0 && environment_.time.steady() < until && !hurried_) {
    const bool on = co_await pause(std::chrono::milliseconds(100));
    if (!on) co_return;
  }
}

boost::asio::awaitable<void> call_service::end_all(std::chrono::seconds deadline) {
  for (const auto& call : environment_.registry.all())
    call->deliver(operator_hang_up{"shutdown", "The gateway is being stopped."});
  co_await wait_for_end(deadline);
}

}  // namespace tollgate::gateway::call
