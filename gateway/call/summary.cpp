// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/summary.hpp"

#include <algorithm>
#include <boost/json/value.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace tollgate::gateway::call {

void put_money(boost::json::object& body, const std::string& key, billing::money amount) {
  body[key + "_micros"] = amount.micros;
  body[key] = billing::to_string(amount);
}

void put_price(boost::json::object& body, const billing::rate& rate, const std::string& currency) {
  body["destination"] = rate.destination;
  body["currency"] = currency;
  put_money(body, "price_per_minute", rate.price_per_minute);
  put_money(body, "connection_fee", rate.connection_fee);
  body["initial_increment_s"] = rate.initial_increment.count();
  body["next_increment_s"] = rate.next_increment.count();
  body["free_start_s"] = rate.free_start.count();
  body["included_s"] = rate.included.count();
}

boost::json::object connecting_body(const uuid& call_id, const std::string& number, const billing::rate& rate,
                                    const std::string& currency) {
  boost::json::object body{{"state", "connecting"}};
  body["call_id"] = boost::uuids::to_string(call_id);
  body["number"] = number;
  put_price(body, rate, currency);
  return body;
}

boost::json::object ringing_body(bool early_media) {
  return {{"state", "ringing"}, {"early_media", early_media}};
}

boost::json::object answered_body(const billing::rate& rate, const std::string& currency,
                                  std::optional<std::chrono::seconds> granted, billing::money available) {
  boost::json::object body{{"state", "answered"}};
  put_price(body, rate, currency);
  if (granted) body["granted_s"] = granted->count();
  put_money(body, "available", available);
  return body;
}

std::chrono::seconds billed_so_far(const billing::rate& rate, std::chrono::milliseconds talk, billing::money held) {
  return std::min(billing::billed_seconds(rate, talk), billing::affordable_duration(rate, held));
}

billing::money cost_so_far(const billing::rate& rate, std::chrono::milliseconds talk, billing::money held) {
  const auto billed = billed_so_far(rate, talk, held);
  auto terms = rate;
  terms.free_start = {};  // it is over, or nothing is billed
  return billing::call_price(terms, billed);
}

std::chrono::milliseconds talk_of(const call_facts& call, std::chrono::steady_clock::time_point now) {
  using std::chrono::milliseconds;
  if (call.talked) return *call.talked;
  return call.answered ? std::chrono::duration_cast<milliseconds>(now - *call.answered) : milliseconds(0);
}

std::optional<billing::money> running_cost(const call_facts& call, std::chrono::steady_clock::time_point now) {
  if (!call.rate || call.emergency) return std::nullopt;
  return cost_so_far(*call.rate, talk_of(call, now), call.held);
}

boost::json::object running_cost_body(const billing::rate& rate, const std::string& currency,
                                      std::chrono::milliseconds talk, billing::money held) {
  boost::json::object body{{"currency", currency}};
  body["talk_s"] = std::chrono::floor<std::chrono::seconds>(talk).count();
  body["billed_s"] = billed_so_far(rate, talk, held).count();
  put_money(body, "cost", cost_so_far(rate, talk, held));
  return body;
}

boost::json::object ended_summary(const uuid& call_id, std::chrono::milliseconds talk,
                                  const std::string& currency,
                                  const std::optional<billing::settlement>& settled,
                                  std::optional<billing::money> balance_before) {
  boost::json::object summary;
  summary["call_id"] = boost::uuids::to_string(call_id);
  summary["duration_ms"] = talk.count();
  summary["currency"] = currency;
  if (balance_before) put_money(summary, "balance_before", *balance_before);
  summary["charge_pending"] = !settled;
  if (settled) {
    summary["billed_s"] = settled->billed.count();
    put_money(summary, "charged", settled->charged);
    put_money(summary, "balance_after", settled->balance_after);
  }
  return summary;
}

}  // namespace tollgate::gateway::call
