// SPDX-License-Identifier: Apache-2.0
#include "gateway/node_operations.hpp"

#include <algorithm>

#include "billing/stop_record.hpp"
#include "gateway/call/summary.hpp"
#include "pstn/trunk/sip_uri.hpp"

namespace tollgate::gateway {
namespace {

constexpr auto sip_patience = std::chrono::seconds(5);

}  // namespace

node_operations::node_operations(collaborators c)
    : with_(std::move(c)),
      started_(with_.environment.time.wall()),
      readiness_({with_.database_reachable, [this] { return with_.calls.draining(); },
                  [this] { return with_.environment.sip.responds(sip_patience); },
                  [this] {
                    return std::ranges::any_of(with_.environment.trunks.list(), [](const auto& each) { return each.state.up; });
                  }}) {}

api::node_status node_operations::status() {
  api::node_status status;
  status.node = with_.environment.settings.node;
  status.started_at = started_;
  status.draining = with_.calls.draining();
  status.stopping = with_.is_stopping();
  status.calls = with_.environment.registry.size();
  status.sessions = with_.overlay.session_count();
  status.spooled = with_.environment.settlements.spooled();
  const auto messages = with_.environment.messages.read_figures();
  status.messages_spooled = messages.spooled;
  status.messages_spooled_total = messages.spooled_total;
  status.messages_lost = messages.lost;
  status.messages_refused = messages.refused;
  status.calls_total = with_.environment.registry.total();
  status.media_workers = with_.environment.media.workers();
  status.overlay_address = with_.overlay_host + ":" + std::to_string(with_.overlay.port());
  status.sip_address = with_.sip_address;
  return status;
}

api::media_status node_operations::media() {
  const call::media_figures figures = with_.environment.media.figures();
  api::media_status media;
  media.calls_refused = figures.calls_refused;
  for (const auto& worker : figures.workers)
    media.workers.push_back({std::string(to_string(worker.level)), static_cast<int>(worker.level),
                             worker.cpu_share, worker.sessions});
  const auto add = [&media](const std::string& side, const call::media_figures::side_figures& of) {
    media.received.push_back({side, "", of.received});
    media.sent.push_back({side, "", of.sent});
    for (std::size_t kind = 0; kind < call::bad_packet_kinds; ++kind)
      media.refused.push_back(
          {side, std::string(to_string(static_cast<call::bad_packet>(kind))), of.refused[kind]});
  };
  add("overlay", figures.overlay);
  add("trunk", figures.trunk);
  return media;
}

std::vector<api::live_call> node_operations::live_calls() {
  std::vector<api::live_call> list;
  const auto now = with_.environment.time.steady();
  for (const auto& call : with_.environment.registry.all()) {
    const auto& facts = call->facts();
    api::live_call shown;
    shown.call_id = facts.call_id;
    shown.account_id = facts.account_id;
    shown.direction = billing::to_string(facts.direction);
    shown.state = facts.state;
    shown.caller = facts.caller;
    shown.callee = facts.callee;
    shown.trunk = facts.trunk;
    shown.caller_verdict = facts.caller_verdict;
    shown.started_at = facts.started;
    shown.talk = call::talk_of(facts, now);
    shown.held_micros = facts.held.micros;
    shown.cost = call::running_cost(facts, now);
    shown.currency = facts.currency;
    list.push_back(std::move(shown));
  }
  return list;
}

std::vector<api::trunk_status> node_operations::trunk_statuses() {
  std::vector<api::trunk_status> list;
  for (const auto& [trunk, state, totals, registration, targets] : with_.environment.trunks.list()) {
    api::trunk_status shown;
    shown.trunk_id = trunk->id;
    shown.name = trunk->name;
    shown.up = state.up;
    shown.calls = state.live_calls;
    shown.resting = state.resting;
    shown.registration = registration;
    for (const auto& one : targets)
      shown.targets.emplace_back(pstn::trunk::target_text(one.where), one.up);
    if (!state.up)
      shown.detail = "does not answer OPTIONS, or calls over it stay without an answer";
    else if (state.resting)
      shown.detail = "has asked by Retry-After for no calls at present";
    const auto& recent = state.quality;
    shown.recent.attempts = recent.attempts;
    shown.recent.answered = recent.answered;
    if (recent.attempts > 0) shown.recent.answer_seizure_ratio = recent.answer_seizure_ratio();
    shown.recent.average_call_duration = recent.call_duration;
    shown.recent.post_dial_delay = recent.post_dial_delay;
    shown.attempts = totals.attempts;
    shown.answered = totals.answered;
    shown.talk_ms = static_cast<std::uint64_t>(totals.talk.count());
    shown.delay_ms = static_cast<std::uint64_t>(totals.delay.count());
    shown.delays = totals.delays;
    shown.codes.assign(totals.codes.begin(), totals.codes.end());
    shown.calls_in = totals.calls_in;
    shown.refused_in = totals.refused_in;
    list.push_back(std::move(shown));
  }
  return list;
}

bool node_operations::hang_up(const boost::uuids::uuid& call_id) {
  return with_.calls.hang_up(call_id, "operator", "The operator ended the call.");
}

boost::asio::awaitable<boost::system::result<std::optional<trace::call_trace>>> node_operations::find_trace(
    const boost::uuids::uuid& call_id) {
  return with_.traces.find(call_id);
}

api::event_status node_operations::events() {
  const auto& desk = with_.events;
  return {desk.newest(), desk.waiting(), desk.dropped(), desk.delivered(), desk.failed()};
}

api::sip_status node_operations::sip() {
  const auto strangers = with_.environment.sip.strangers();
  const auto kept = with_.traces.read_figures();
  return {strangers.answered,
          strangers.dropped,
          strangers.connections_cut,
          kept.calls,
          kept.bytes,
          kept.evicted,
          with_.environment.trunks.emergencies_failed()};
}

void node_operations::drain(bool stop) {
  with_.drain(stop);
}

bool node_operations::undrain() {
  return with_.undrain();
}

std::vector<std::string> node_operations::not_ready() {
  return readiness_.reasons(with_.environment.time.steady());
}

boost::asio::awaitable<void> node_operations::rates_changed() {
  co_await with_.prices.reload_rates();
}

boost::asio::awaitable<void> node_operations::trunks_changed() {
  co_await with_.prices.reload_trunks();
}

boost::asio::awaitable<void> node_operations::dial_policy_changed() {
  co_await with_.read_dial_policy();
}

void node_operations::account_changed(const boost::uuids::uuid&) {
  // Credit, settings and numbers are read from the database at each call: nothing is kept here.
}

void node_operations::account_revoked(const boost::uuids::uuid& account_id) {
  with_.end_credentials(account_id);
}

std::vector<api::attached_device> node_operations::devices(const boost::uuids::uuid& account_id) {
  std::vector<api::attached_device> list;
  for (const auto& each : with_.environment.devices_of(account_id))
    list.push_back({each->id(), each->device(), each->from_browser(), each->since(), each->remote_address()});
  return list;
}

bool node_operations::disconnect(const boost::uuids::uuid& account_id, const std::string& id) {
  for (const auto& each : with_.environment.devices_of(account_id)) {
    if (each->id() != id) continue;
    each->close("disconnected", "This device was disconnected.");
    return true;
  }
  return false;
}

}  // namespace tollgate::gateway
