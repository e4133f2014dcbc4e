// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/target_book.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace tollgate::pstn::trunk {

bool needs_targets(const trunk& one) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, one.host.c_str(), bytes.data()) != 1 &&
         inet_pton(AF_INET6, one.host.c_str(), bytes.data()) != 1;
}

sip::target_query query_of(const trunk& one) {
  return {one.host, one.port, std::string{name(one.transport)}};
}

void target_book::configure(std::span<const trunk> trunks) {
  std::map<uuid, entry> kept;
  for (const trunk& one : trunks) {
    if (!needs_targets(one)) continue;
    const auto query = query_of(one);
    const auto known = entries_.find(one.id);
    if (known != entries_.end() && known->second.query == query)
      kept.emplace(one.id, std::move(known->second));
    else
      kept.emplace(one.id, entry{query, {}, time_point{}});
  }
  entries_ = std::move(kept);
}

std::vector<uuid> target_book::take_due(time_point now) {
  std::vector<uuid> due;
  for (auto& [id, one] : entries_) {
    if (!one.due || *one.due > now) continue;
    one.due.reset();
    due.push_back(id);
  }
  return due;
}

void target_book::resolved(const uuid& trunk_id, const sip::target_answer& answer, time_point now) {
  const auto found = entries_.find(trunk_id);
  if (found == entries_.end()) return;
  entry& one = found->second;
  one.due =
      now + std::max<std::chrono::seconds>(answer.targets.empty() ? freshest : answer.lifetime, freshest);
  if (answer.targets.empty()) return;
  std::vector<known_target> now_known;
  for (const sip::target& where : answer.targets) {
    const auto same = std::find_if(one.targets.begin(), one.targets.end(),
                                   [&](const known_target& before) { return before.where == where; });
    now_known.push_back(same != one.targets.end() ? *same : known_target{where, trunk_health(options_)});
  }
  one.targets = std::move(now_known);
}

std::vector<target_book::target_state> target_book::states(const uuid& trunk_id, time_point now) const {
  const auto found = entries_.find(trunk_id);
  if (found == entries_.end()) return {};
  std::vector<target_state> out;
  for (const auto& [up, resting] : {std::pair{true, false}, {true, true}, {false, false}, {false, true}})
    for (const known_target& one : found->second.targets)
      if (one.health.up() == up && (one.resting_until > now) == resting) out.push_back({one.where, up});
  return out;
}

std::vector<sip::target> target_book::targets(const uuid& trunk_id, time_point now) const {
  std::vector<sip::target> out;
  for (target_state& one : states(trunk_id, now))
    out.push_back(std::move(one.where));
  return out;
}

target_book::known_target* target_book::find(const uuid& trunk_id, const sip::target& which) {
  const auto found = entries_.find(trunk_id);
  if (found == entries_.end()) return nullptr;
  for (known_target& one : found->second.targets)
    if (one.where == which) return &one;
  return nullptr;
}

void target_book::probe_answered(const uuid& trunk_id, const sip::target& which, int sip_status,
                                 time_point now) {
  if (known_target* one = find(trunk_id, which)) one->health.probe_answered(sip_status, now);
}

void target_book::call_answered(const uuid& trunk_id, const sip::target& which, call_sign sign,
                                time_point now) {
  if (known_target* one = find(trunk_id, which)) one->health.call_answered(sign, now);
}

bool target_book::rest(const uuid& trunk_id, const sip::target& which, std::chrono::seconds duration,
                       time_point now) {
  const auto found = entries_.find(trunk_id);
  if (found == entries_.end()) return false;
  bool others = false;
  for (known_target& one : found->second.targets) {
    if (one.where == which)
      one.resting_until = std::max(one.resting_until, now + believed_rest(duration));
    else
      others = others || (one.health.up() && one.resting_until <= now);
  }
  return others;
}

}  // namespace tollgate::pstn::trunk
