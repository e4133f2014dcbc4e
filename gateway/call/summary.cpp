// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/summary.hpp"

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

boost::json::object running_cost_body(const billing::rate& rate, const std::string& currency,
                                      std::chrono::milliseconds talk) {
  boost::json::object body{{"currency", currency}};
  body["talk_s"] = std::chrono::floor<std::chrono::seconds>(talk).count();
  body["billed_s"] = billing::billed_seconds(rate, talk).count();
  put_money(body, "cost", billing::call_price(rate, talk));
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
