// SPDX-License-Identifier: Apache-2.0
// What the subscriber's device is told of a call: the bodies of ring, answer and hangup frames
// (overlay/wire.md). Free of IO.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "billing/ledger.hpp"
#include "billing/rate.hpp"
#include "gateway/call/call_registry.hpp"
#include "pstn/number/phone_number.hpp"

namespace tollgate::gateway::call {

// An amount as whole micro-units and as a decimal text: "price_micros" and "price".
void put_money(boost::json::object& body, const std::string& key, billing::money amount);
// A rate as it is told to subscribers.
void put_price(boost::json::object& body, const billing::rate& rate, const std::string& currency);

boost::json::object connecting_body(const uuid& call_id, const std::string& number, const billing::rate& rate,
                                    const std::string& currency);
boost::json::object ringing_body(bool early_media);
boost::json::object answered_body(const billing::rate& rate, const std::string& currency,
                                  std::optional<std::chrono::seconds> granted, billing::money available);
// What the call would be charged if it ended now.
boost::json::object running_cost_body(const billing::rate& rate, const std::string& currency,
                                      std::chrono::milliseconds talk);
// Without a settlement the charge is told as pending.
boost::json::object ended_summary(const uuid& call_id, std::chrono::milliseconds talk,
                                  const std::string& currency,
                                  const std::optional<billing::settlement>& settled,
                                  std::optional<billing::money> balance_before);

}  // namespace tollgate::gateway::call
