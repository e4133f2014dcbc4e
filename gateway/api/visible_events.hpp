// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: which events a role may see. Free of IO.
#pragma once

#include <algorithm>

#include "gateway/api/access.hpp"
#include "gateway/events/event_store.hpp"

namespace tollgate::gateway::api {

/// Of an account that they are about: what is told of calls, credit, numbers and messages, but nothing of limits against fraud.
/// The same as gateway.is_own_event in the database.
inline bool is_own_event(std::string_view type) {
  return !type.starts_with("fraud.") && !type.starts_with("trunk.");
}

/// A subscriber sees what is about its account, a carrier what is about its trunks, whatever else they ask for.
inline void restrict_to(events::event_filter& which, const principal& who) {
  which.for_others = who.as == role::carrier || who.as == role::subscriber;
  if (who.as == role::carrier && which.carrier_id && which.carrier_id != who.carrier_id) which.types = {"none"};
  if (who.as == role::carrier) which.carrier_id = who.carrier_id;
  if (who.as != role::subscriber) return;
  if (which.account_id && which.account_id != who.account_id) which.types = {"none"};
  which.account_id = who.account_id;
  if (which.types.empty()) which.types.assign(events::event_types.begin(), events::event_types.end());
  std::erase_if(which.types, [](const std::string& type) { return !is_own_event(type); });
  if (which.types.empty()) which.types = {"none"};  // an empty list would be all
}

}  // namespace tollgate::gateway::api
