// SPDX-License-Identifier: Apache-2.0
// What happens to calls and trunks, as events. Free of IO.
#pragma once

#include <chrono>
#include <string>

#include "gateway/call/environment.hpp"
#include "gateway/events/event.hpp"

namespace tollgate::gateway {

// "call.started", "call.answered" or "call.ended" of a call; the last has what its record has, but for what it was charged.
events::new_event call_event_of(call::call_moment moment, const call::call_facts& facts, const billing::stop_record& record,
                                std::chrono::system_clock::time_point now);

// "trunk.up" or "trunk.down", as this node sees it. `sip_code`: what the last sign of it was.
events::new_event trunk_event_of(const pstn::trunk::trunk& trunk, bool up, int sip_code, const std::string& node,
                                 std::chrono::system_clock::time_point now);

}  // namespace tollgate::gateway
