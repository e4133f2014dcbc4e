// SPDX-License-Identifier: Apache-2.0
// Which trunks a call is offered to, and in which order. Free of IO: state and chance are arguments.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "pstn/number/phone_number.hpp"
#include "pstn/trunk/monitor.hpp"
#include "pstn/trunk/trunk.hpp"

namespace tollgate::pstn::trunk {

using state_lookup = std::function<trunk_state(const uuid& trunk_id)>;

/// The trunks that serve the number and have room, best first: longest served prefix, then lowest priority,
/// then a weighted draw. A trunk that is down is left out, unless all that serve the number are down: then
/// they are tried all the same, for a carrier may just not answer OPTIONS. Empty: no route. The pointers are
/// into `trunks`. `chance` is any random number.
std::vector<const trunk*> route(const phone_number& number, std::span<const trunk> trunks,
                                const state_lookup& state, std::uint64_t chance);

}  // namespace tollgate::pstn::trunk
