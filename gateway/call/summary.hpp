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
// What a call would be billed for if it ended now, as the ledger settles it: no more than what is held pays for.
std::chrono::seconds billed_so_far(const billing::rate& rate, std::chrono::milliseconds talk, billing::money held);
billing::money cost_so_far(const billing::rate& rate, std::chrono::milliseconds talk, billing::money held);
// How long a call has been talked.
std::chrono::milliseconds talk_of(const call_facts& call, std::chrono::steady_clock::time_point now);
// What a live call costs by now. Nothing: it is charged to nobody (calls in, to emergency numbers), or has no rate yet.
std::optional<billing::money> running_cost(const call_facts& call, std::chrono::steady_clock::time_point now);
// The same as it is told.
boost::json::object running_cost_body(const billing::rate& rate, const std::string& currency,
                                      std::chrono::milliseconds talk, billing::money held);
// Without a settlement the charge is told as pending.
boost::json::object ended_summary(const uuid& call_id, std::chrono::milliseconds talk,
                                  const std::string& currency,
                                  const std::optional<billing::settlement>& settled,
                                  std::optional<billing::money> balance_before);

}  // namespace tollgate::gateway::call
