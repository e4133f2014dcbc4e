// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/call_registry.hpp"

#include <algorithm>

namespace tollgate::gateway::call {

void call_registry::add(live_call_ptr call) {
  ++total_;
  const auto id = call->facts().call_id;
  calls_.insert_or_assign(id, std::move(call));
}

void call_registry::remove(const uuid& call_id) {
  std::erase_if(dialogs_, [&](const auto& entry) { return entry.second == call_id; });
  calls_.erase(call_id);
}

void call_registry::bind(pstn::sip::call_key key, const uuid& call_id) {
  dialogs_.insert_or_assign(key, call_id);
}

void call_registry::release(pstn::sip::call_key key) {
  dialogs_.erase(key);
}

live_call_ptr call_registry::find(const uuid& call_id) const {
  const auto found = calls_.find(call_id);
  return found == calls_.end() ? nullptr : found->second;
}

live_call_ptr call_registry::find(pstn::sip::call_key key) const {
  const auto found = dialogs_.find(key);
  return found == dialogs_.end() ? nullptr : find(found->second);
}

live_call_ptr call_registry::find(const uuid& account_id, const std::string& overlay_call) const {
  const auto found = std::find_if(calls_.begin(), calls_.end(), [&](const auto& entry) {
    const auto& facts = entry.second->facts();
    return facts.account_id == account_id && facts.overlay_call == overlay_call;
  });
  return found == calls_.end() ? nullptr : found->second;
}

std::vector<live_call_ptr> call_registry::all() const {
  std::vector<live_call_ptr> result;
  result.reserve(calls_.size());
  for (const auto& [id, call] : calls_)
    result.push_back(call);
  return result;
}

std::size_t call_registry::count_of(const uuid& account_id) const {
  return static_cast<std::size_t>(std::count_if(calls_.begin(), calls_.end(), [&](const auto& entry) {
    const auto& facts = entry.second->facts();
    return facts.account_id == account_id && facts.direction != billing::call_direction::forward &&
           facts.state != "ending";  // a busy tone hinders no next call
  }));
}

std::vector<live_call_ptr> call_registry::forwards_of(const uuid& account_id) const {
  std::vector<live_call_ptr> found;
  for (const auto& [id, call] : calls_) {
    const auto& facts = call->facts();
    if (facts.account_id == account_id && facts.direction == billing::call_direction::forward &&
        facts.state != "ending")
      found.push_back(call);
  }
  return found;
}

}  // namespace tollgate::gateway::call
