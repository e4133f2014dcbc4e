// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/outbound_plan.hpp"

#include <gtest/gtest.h>

namespace tollgate::gateway::call {
namespace {

TEST(OutboundPlan, ASilentTrunksOtherTargetsGoBehindAllOthers) {
  std::vector<trunk_choice> route;
  std::vector<std::optional<billing::cost_rate>> costs;
  for (const auto& [id, port] : {std::pair{1, 1}, {2, 2}, {2, 3}, {2, 4}, {3, 5}}) {
    pstn::trunk::trunk one;
    one.id.data[15] = static_cast<std::uint8_t>(id);
    one.target = pstn::sip::target{"192.0.2.1", static_cast<std::uint16_t>(port), "udp"};
    route.push_back(std::make_shared<pstn::trunk::trunk>(one));
    costs.emplace_back().emplace().deck = std::to_string(port);
  }
  put_targets_last(route, costs, 1);
  std::vector<int> ports;
  for (std::size_t at = 0; at < route.size(); ++at) {
    ports.push_back(route[at]->target->port);
    EXPECT_EQ(costs[at]->deck, std::to_string(route[at]->target->port));
  }
  EXPECT_EQ(ports, (std::vector<int>{1, 2, 5, 3, 4}));
  put_targets_last(route, costs, 4);
  EXPECT_EQ(route.back()->target->port, 4);
}

}  // namespace
}  // namespace tollgate::gateway::call
