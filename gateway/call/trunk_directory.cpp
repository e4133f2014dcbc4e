// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/trunk_directory.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "gateway/logging/line.hpp"
#include "pstn/trunk/inbound.hpp"
#include "pstn/trunk/outbound_invite.hpp"

namespace tollgate::gateway::call {

trunk_directory::trunk_directory(clocks c, routing_options options)
    : clocks_(std::move(c)),
      policy_(std::move(options.policy)),
      monitor_(options.health, options.quality),
      targets_(options.health) {}

trunk_directory::snapshot trunk_directory::current() const {
  const std::lock_guard lock(mutex_);
  return trunks_;
}

void trunk_directory::configure(std::vector<pstn::trunk::trunk> trunks) {
  monitor_.configure(trunks);
  targets_.configure(trunks);
  publish(std::move(trunks));
}

void trunk_directory::publish(std::vector<pstn::trunk::trunk> trunks) {
  for (auto& one : trunks) {
    one.host_addresses.clear();
    for (const auto& target : targets_.targets(one.id))
      one.host_addresses.push_back(target.address);
  }
  auto made = std::make_shared<const std::vector<pstn::trunk::trunk>>(std::move(trunks));
  const std::lock_guard lock(mutex_);
  trunks_ = std::move(made);
}

std::vector<trunk_directory::candidate> trunk_directory::consider(const pstn::phone_number& number,
                                                                  const pstn::trunk::cost_lookup& cost) {
  const auto trunks = current();
  const auto now = clocks_.steady();
  const auto state = [&](const boost::uuids::uuid& id) { return monitor_.state(id, now); };
  std::vector<candidate> candidates;
  for (const auto& one : pstn::trunk::consider(number, *trunks, state, cost, policy_, chance_()))
    candidates.push_back({trunk_choice(trunks, one.offered), one});
  return candidates;
}

pstn::trunk::verdict trunk_directory::room(const trunk_choice& trunk, bool again) const {
  auto state = monitor_.state(trunk->id, clocks_.steady());
  if (again) state.calls_last_second = state.carrier_calls_last_second = 0;
  return pstn::trunk::room_in(*trunk, state);
}

bool trunk_directory::has_room_for_call_in(const trunk_choice& trunk) const {
  auto state = monitor_.state(trunk->id, clocks_.steady());
  state.resting = false;
  return pstn::trunk::room_in(*trunk, state) == pstn::trunk::verdict::chosen;
}

trunk_choice trunk_directory::match_inbound(const pstn::sip::incoming_invite& invite) const {
  const auto trunks = current();
  const auto judged =
      pstn::trunk::judge_inbound(*trunks, invite.source_ip, invite.source_port, invite.authenticated_user);
  return judged.by ? trunk_choice(trunks, judged.by) : nullptr;
}

pstn::sip::admission trunk_directory::admit(const pstn::sip::source_address& source,
                                            std::string_view user) const {
  const auto trunks = current();
  const auto judged = pstn::trunk::judge_inbound(*trunks, source.ip, source.port, user);
  pstn::sip::admission out;
  out.allowed = judged.by || judged.digest;
  out.digest = judged.digest;
  if (judged.by && judged.digest) out.password = judged.by->inbound_digest->password;
  return out;
}

void trunk_directory::call_started(const trunk_choice& trunk, bool again) {
  monitor_.call_started(trunk->id, clocks_.steady(), !again);
}

std::vector<trunk_choice> trunk_directory::every_target(const trunk_choice& trunk) const {
  std::vector<trunk_choice> out;
  for (const auto& target : targets_.targets(trunk->id, clocks_.steady())) {
    auto one = std::make_shared<pstn::trunk::trunk>(*trunk);
    one->target = target;
    out.push_back(std::move(one));
  }
  if (out.empty()) out.push_back(trunk);
  return out;
}

std::vector<trunk_choice> trunk_directory::targets_of(const trunk_choice& trunk) const {
  constexpr std::size_t most = 4;  // each may take seconds until the next one is tried
  auto out = every_target(trunk);
  if (out.size() > most) out.resize(most);
  return out;
}

void trunk_directory::look_up_due(const lookup& ask) {
  const auto trunks = current();
  for (const auto& id : targets_.take_due(clocks_.steady()))
    for (const auto& one : *trunks)
      if (one.id == id) ask(id, pstn::trunk::query_of(one));
}

void trunk_directory::take_targets(const boost::uuids::uuid& trunk_id,
                                   const pstn::sip::target_answer& answer) {
  for (const auto& one : *current()) {
    if (one.id != trunk_id) continue;
    if (answer.targets.empty())
      spdlog::warn("event=trunk_has_no_target trunk={} host={}", logging::text(one.name), logging::text(one.host));
    else
      spdlog::debug("event=trunk_targets trunk={} count={}", logging::text(one.name), answer.targets.size());
  }
  targets_.resolved(trunk_id, answer, clocks_.steady());
  publish(*current());  // its calls in come from there
}

void trunk_directory::call_answered(const trunk_choice& trunk, pstn::trunk::call_sign sign, int sip_status) {
  const auto now = clocks_.steady();
  if (trunk->target) targets_.call_answered(trunk->id, *trunk->target, sign, now);
  const bool before = monitor_.state(trunk->id, now).up;
  monitor_.call_answered(trunk->id, sign, now);
  tell_health(trunk->id, before, sip_status);
}

// `before`: whether it was in service. Every change of that passes here.
void trunk_directory::tell_health(const boost::uuids::uuid& trunk_id, bool before, int sip_status) const {
  const bool after = monitor_.state(trunk_id, clocks_.steady()).up;
  if (before == after) return;
  for (const auto& one : *current()) {
    if (one.id != trunk_id) continue;
    spdlog::warn("event=trunk_{} trunk={} sip_code={}", after ? "up" : "down", logging::text(one.name), sip_status);
    if (health_observer_) health_observer_(one, after, sip_status);
  }
}

void trunk_directory::call_came(const trunk_choice& trunk, bool taken) {
  monitor_.call_came(trunk->id, taken);
}

void trunk_directory::call_ended(const trunk_choice& trunk) {
  monitor_.call_ended(trunk->id);
}

void trunk_directory::attempt_done(const trunk_choice& trunk, const pstn::trunk::attempt_outcome& outcome) {
  monitor_.attempt_done(trunk->id, outcome, clocks_.steady());
}

void trunk_directory::talked(const trunk_choice& trunk, std::chrono::milliseconds talk) {
  monitor_.talked(trunk->id, talk, clocks_.steady());
}

void trunk_directory::rest(const trunk_choice& trunk, std::chrono::seconds duration) {
  const auto now = clocks_.steady();
  const bool is_alone = !trunk->target || !targets_.rest(trunk->id, *trunk->target, duration, now);
  spdlog::warn("event={} trunk={} seconds={}", is_alone ? "trunk_rests" : "target_rests", logging::text(trunk->name),
               duration.count());
  if (is_alone) monitor_.rest(trunk->id, duration, now);
}

void trunk_directory::send_due_probes(pstn::sip::user_agent& agent) {
  const auto trunks = current();
  for (const auto& id : monitor_.take_due_probes(clocks_.steady())) {
    for (const auto& one : *trunks) {
      if (one.id != id) continue;
      const auto targets = every_target(trunk_choice(trunks, &one));
      rounds_[id] = {targets.size(), 0};
      for (const auto& target : targets) {
        const auto key = agent.next_call_key();
        probes_.emplace(key, target);
        agent.send_options(key, pstn::trunk::next_hop(*target));
      }
    }
  }
}

void trunk_directory::on_probe_answered(const pstn::sip::options_result& result) {
  const auto found = probes_.find(result.key);
  if (found == probes_.end()) return;
  const auto trunk = found->second;
  const auto id = trunk->id;
  probes_.erase(found);
  if (trunk->target) targets_.probe_answered(id, *trunk->target, result.status, clocks_.steady());
  auto& round = rounds_[id];
  if (!pstn::trunk::is_alive(round.best_status)) round.best_status = result.status;
  if (round.missing > 1) {
    --round.missing;
    return;
  }
  const int best = round.best_status;
  rounds_.erase(id);
  const bool before = monitor_.state(id, clocks_.steady()).up;
  monitor_.probe_answered(id, best, clocks_.steady());
  tell_health(id, before, best);
}

namespace {

bool register_alike(const pstn::trunk::trunk& one, const pstn::trunk::trunk& other) {
  const auto account = [](const pstn::trunk::trunk& of) {
    const auto digest = of.digest.value_or(pstn::trunk::digest_account{});
    return std::tuple(digest.username, digest.password, digest.realm);
  };
  return one.host == other.host && one.port == other.port && one.transport == other.transport &&
         one.from_domain == other.from_domain && account(one) == account(other);
}

}  // namespace

void trunk_directory::keep_registered(pstn::sip::user_agent& agent) {
  const auto trunks = current();
  const auto wanted = [&](const boost::uuids::uuid& id) -> const pstn::trunk::trunk* {
    for (const auto& one : *trunks)
      if (one.id == id && one.registers && one.enabled) return &one;
    return nullptr;
  };
  std::erase_if(registrations_, [&](const auto& item) {
    const auto* now = wanted(item.first);
    if (now && register_alike(*now, *item.second.as)) return false;
    agent.stop_registration(item.second.key);
    return true;
  });
  move_registrations(agent);
  for (const auto& one : *trunks) {
    if (!wanted(one.id) || registrations_.contains(one.id)) continue;
    const auto first = targets_of(trunk_choice(trunks, &one)).front();
    if (pstn::trunk::needs_targets(one) && !first->target) continue;  // its name is being looked up
    const auto key = agent.next_call_key();
    registrations_.emplace(one.id, registered{key, first});
    agent.start_registration(key, pstn::trunk::make_registration(*first));
  }
}

// To the first target that has not failed yet (RFC 3263 §4.3); when all have, the last one is tried again after
// its pause.
void trunk_directory::move_registrations(pstn::sip::user_agent& agent) {
  for (auto& [id, one] : registrations_) {
    if (!std::exchange(one.elsewhere, false)) continue;
    const auto targets = every_target(one.as);
    const auto next = std::ranges::find_if(targets, [&](const trunk_choice& each) {
      return each->target && std::ranges::find(one.failed, *each->target) == one.failed.end();
    });
    if (next == targets.end()) {
      one.failed.clear();
      continue;
    }
    agent.stop_registration(one.key);
    one.key = agent.next_call_key();
    one.as = *next;
    one.state = "trying";
    agent.start_registration(one.key, pstn::trunk::make_registration(*one.as));
  }
}

void trunk_directory::on_registration(const pstn::sip::registration_result& result) {
  for (auto& [id, one] : registrations_) {
    if (one.key != result.key) continue;
    const bool good = result.status < 300;
    const std::string state = good ? "registered" : "refused (" + std::to_string(result.status) + ")";
    if (state != one.state && good)
      spdlog::info("event=trunk_registered trunk={} expires_s={}", logging::text(one.as->name), result.expires.count());
    if (!good)
      spdlog::warn("event=trunk_not_registered trunk={} sip_code={} retry_in_s={}", logging::text(one.as->name),
                   result.status, result.retry_in.count());
    one.state = state;
    if (good) one.failed.clear();
    if (good || !one.as->target || pstn::trunk::is_alive(result.status)) continue;
    one.failed.push_back(*one.as->target);
    one.elsewhere = true;
  }
}

std::vector<trunk_directory::status> trunk_directory::list() const {
  const auto registration_of = [this](const boost::uuids::uuid& id) {
    const auto found = registrations_.find(id);
    return found == registrations_.end() ? std::string{} : found->second.state;
  };
  const auto trunks = current();
  std::vector<status> result;
  for (const auto& one : *trunks)
    result.push_back({trunk_choice(trunks, &one), monitor_.state(one.id, clocks_.steady()),
                      monitor_.totals(one.id), registration_of(one.id), targets_.states(one.id)});
  return result;
}

}  // namespace tollgate::gateway::call
