// SPDX-License-Identifier: Apache-2.0
// Which trunks a call is offered to, and in which order. Free of IO: state, cost and chance are arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "pstn/number/phone_number.hpp"
#include "pstn/trunk/monitor.hpp"
#include "pstn/trunk/trunk.hpp"

namespace tollgate::pstn::trunk {

/// What trunks are ordered by.
enum class criterion : std::uint8_t {
  priority,  // the lower first
  cost,      // the cheaper first, those of unknown cost last
  quality,  // the higher answer-seizure ratio first (in steps of a tenth), then the lower post-dial delay (in
            // steps of a second); one of which too little is known counts as the best, so that it gets calls
};

/// "priority", "cost", "quality", and back.
std::string_view name(criterion value);
std::optional<criterion> criterion_named(std::string_view text);

/// In this order; what is equal by all of them is shared by weight.
struct routing_policy {
  std::vector<criterion> order{criterion::priority, criterion::cost};
};

/// Why a trunk is, or is not, in the route.
enum class verdict : std::uint8_t {
  chosen,
  other_destinations,  // does not serve the number
  disabled,
  down,          // does not answer, and others do
  resting,       // asked by Retry-After to be left alone
  full,          // as many calls as it takes
  too_fast,      // as many calls a second as it takes
  carrier_full,  // the same of its carrier
  carrier_too_fast,
};

/// "chosen", "other_destinations", ...
std::string_view name(verdict value);

/// One trunk, looked at for one call.
struct consideration {
  const trunk* offered = nullptr;
  verdict why = verdict::chosen;
  int prefix_size = 0;                 // digits of the longest served prefix; 0 for one that serves the world
  std::optional<std::int64_t> cost{};  // as `cost` tells
  trunk_state state{};
  std::size_t turn = 0;  // of one that is not chosen: how many of the chosen would go before it
};

using state_lookup = std::function<trunk_state(const uuid& trunk_id)>;
/// What a usual call costs over the trunk, in any unit that is the same for all; nothing: not known.
using cost_lookup = std::function<std::optional<std::int64_t>(const trunk& by)>;

/// Has the trunk, and its carrier, room for one more call? verdict::chosen: it has.
verdict room_in(const trunk& in, const trunk_state& state);

/// All trunks, those that the call is offered to first, best first: longest served prefix, then the policy,
/// then a weighted draw. A trunk that is down is left out, unless all that serve the number are down: then
/// they are tried all the same, for a carrier may just not answer OPTIONS. Then those that have no room, are
/// at rest or down, in the order that they would have had, then the rest. The pointers are into `trunks`.
/// `chance` is any random number.
std::vector<consideration> consider(const phone_number& number, std::span<const trunk> trunks,
                                    const state_lookup& state, const cost_lookup& cost,
                                    const routing_policy& policy, std::uint64_t chance);

/// Those of consider() that are chosen. Empty: no route.
std::vector<const trunk*> route(const phone_number& number, std::span<const trunk> trunks,
                                const state_lookup& state, const cost_lookup& cost,
                                const routing_policy& policy, std::uint64_t chance);

}  // namespace tollgate::pstn::trunk
