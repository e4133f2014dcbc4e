// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/monitor.hpp"

#include <algorithm>

namespace tollgate::pstn::trunk {

namespace {
constexpr std::size_t most_begun = 10'000;  // calls per second that can be told apart
}

void trunk_monitor::configure(std::span<const trunk> trunks) {
  for (auto& [id, known] : entries_)
    known.configured = false;
  for (const trunk& one : trunks) {
    entry& kept = entry_of(one.id);
    kept.configured = true;
    kept.carrier_id = one.carrier_id;
    kept.probes = one.probes;
  }
  std::erase_if(entries_,
                [](const auto& item) { return !item.second.configured && item.second.live_calls == 0; });
}

void trunk_monitor::call_started(const uuid& trunk_id, time_point now, bool is_new) {
  entry& used = entry_of(trunk_id);
  ++used.live_calls;
  if (!is_new) return;
  while (!used.begun.empty() && now - used.begun.front() >= std::chrono::seconds{1})
    used.begun.pop_front();
  if (used.begun.size() < most_begun) used.begun.push_back(now);
}

void trunk_monitor::call_ended(const uuid& trunk_id) {
  const auto found = entries_.find(trunk_id);
  if (found == entries_.end() || found->second.live_calls == 0) return;
  if (--found->second.live_calls == 0 && !found->second.configured) entries_.erase(found);
}

void trunk_monitor::call_came(const uuid& trunk_id, bool taken) {
  const auto found = entries_.find(trunk_id);
  if (found == entries_.end()) return;
  ++(taken ? found->second.totals.calls_in : found->second.totals.refused_in);
}

void trunk_monitor::call_answered(const uuid& trunk_id, call_sign sign, time_point now) {
  if (const auto found = entries_.find(trunk_id); found != entries_.end()) {
    found->second.health.call_answered(sign, now);
  }
}

void trunk_monitor::attempt_done(const uuid& trunk_id, const attempt_outcome& outcome, time_point now) {
  const auto found = entries_.find(trunk_id);
  if (found == entries_.end()) return;
  const bool answered = outcome.sip_status >= 200 && outcome.sip_status < 300;
  found->second.quality.note(answered, outcome.post_dial_delay, now);
  trunk_totals& totals = found->second.totals;
  ++totals.attempts;
  totals.answered += answered ? 1 : 0;
  ++totals.codes[std::clamp(outcome.sip_status, 0, 699)];
  if (!outcome.post_dial_delay) return;
  totals.delay += *outcome.post_dial_delay;
  ++totals.delays;
}

void trunk_monitor::talked(const uuid& trunk_id, std::chrono::milliseconds talk, time_point now) {
  const auto found = entries_.find(trunk_id);
  if (found == entries_.end()) return;
  found->second.totals.talk += talk;
  found->second.quality.note_talk(talk, now);
}

trunk_totals trunk_monitor::totals(const uuid& trunk_id) const {
  const auto found = entries_.find(trunk_id);
  return found == entries_.end() ? trunk_totals{} : found->second.totals;
}

void trunk_monitor::rest(const uuid& trunk_id, std::chrono::seconds duration, time_point now) {
  if (const auto found = entries_.find(trunk_id); found != entries_.end())
    found->second.resting_until = now + believed_rest(duration);
}

trunk_monitor::entry& trunk_monitor::entry_of(const uuid& trunk_id) {
  return entries_.try_emplace(trunk_id, options_, quality_options_).first->second;
}

int trunk_monitor::entry::begun_last_second(time_point now) const {
  return static_cast<int>(
      std::ranges::count_if(begun, [&](time_point at) { return now - at < std::chrono::seconds{1}; }));
}

std::vector<uuid> trunk_monitor::take_due_probes(time_point now) {
  std::vector<uuid> due;
  for (auto& [id, known] : entries_) {
    if (!known.configured || !known.probes || known.health.next_probe() > now) continue;
    known.health.probe_sent();
    due.push_back(id);
  }
  return due;
}

void trunk_monitor::probe_answered(const uuid& trunk_id, int sip_status, time_point now) {
  if (const auto found = entries_.find(trunk_id); found != entries_.end()) {
    found->second.health.probe_answered(sip_status, now);
  }
}

std::optional<time_point> trunk_monitor::next_probe() const {
  std::optional<time_point> next;
  for (const auto& [id, known] : entries_) {
    if (!known.configured || !known.probes || known.health.next_probe() == time_point::max()) continue;
    next = std::min(next.value_or(time_point::max()), known.health.next_probe());
  }
  return next;
}

trunk_state trunk_monitor::state(const uuid& trunk_id, time_point now) const {
  const auto found = entries_.find(trunk_id);
  if (found == entries_.end()) return {};
  const entry& known = found->second;
  trunk_state state{.up = known.health.up() || !known.probes,
                    .live_calls = known.live_calls,
                    .calls_last_second = known.begun_last_second(now),
                    .resting = now < known.resting_until,
                    .quality = known.quality.figures(now)};
  for (const auto& [id, other] : entries_) {
    if (other.carrier_id != known.carrier_id) continue;
    state.carrier_live_calls += other.live_calls;
    state.carrier_calls_last_second += other.begun_last_second(now);
  }
  return state;
}

}  // namespace tollgate::pstn::trunk
