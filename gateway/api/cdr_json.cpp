// SPDX-License-Identifier: Apache-2.0
// CDRs as JSON.
#include "gateway/api/cdr_json.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"

namespace tollgate::gateway::api {
namespace {

boost::json::object to_json(const billing::media_record& media) {
  boost::json::object out{
      {"packets", media.packets}, {"lost", media.lost}, {"jitter_ms", media.jitter_ms}, {"mos", media.mos}};
  const auto add = [&out](const char* name, const std::optional<double>& value) {
    if (value) out[name] = *value;
  };
  add("remote_loss", media.remote_loss);
  add("remote_jitter_ms", media.remote_jitter_ms);
  add("round_trip_ms", media.round_trip_ms);
  add("remote_mos", media.remote_mos);
  return out;
}

boost::json::object rate_json(const billing::rate& terms) {
  boost::json::object out{{"prefix", terms.prefix},
                          {"destination", terms.destination},
                          {"initial_increment_s", terms.initial_increment.count()},
                          {"next_increment_s", terms.next_increment.count()},
                          {"free_start_s", terms.free_start.count()},
                          {"included_s", terms.included.count()}};
  put_money(out, "connection_fee", terms.connection_fee);
  put_money(out, "price_per_minute", terms.price_per_minute);
  return out;
}

boost::json::object attempt_json(const billing::trunk_attempt& attempt) {
  boost::json::object out{{"trunk", attempt.trunk},       {"target", attempt.target},
                          {"sip_code", attempt.sip_code}, {"q850_cause", attempt.q850_cause},
                          {"reason", attempt.reason},     {"sip_call_id", attempt.sip_call_id},
                          {"at", rfc3339(attempt.at)}};
  out["post_dial_delay_ms"] = attempt.post_dial_delay ? boost::json::value(attempt.post_dial_delay->count())
                                                      : boost::json::value(nullptr);
  if (attempt.connected) out["connected_ms"] = attempt.connected->count();
  if (const auto cost = billing::cost_of(attempt)) put_money(out, "cost", *cost);
  return out;
}

}  // namespace

boost::json::object to_json(const billing::call_record& record) {
  const billing::stop_record& call = record.call;
  boost::json::object out{{"call_id", uuid_text(call.call_id)},
                          {"account_id", uuid_text(call.account_id)},
                          {"direction", billing::to_string(call.direction)},
                          {"caller", call.caller},
                          {"callee", call.callee},
                          {"ring_ms", call.ring.count()},
                          {"talk_ms", call.talk.count()},
                          {"billed_s", record.billed.count()},
                          {"currency", record.currency},
                          {"settled_by", billing::to_string(record.settled)},
                          {"trunk", call.trunk},
                          {"sip_code", call.sip_code},
                          {"q850_cause", call.q850_cause},
                          {"hung_up_by", billing::to_string(call.hung_up_by)},
                          {"reason", call.reason},
                          {"overlay_codec", call.overlay_codec},
                          {"trunk_codec", call.trunk_codec},
                          {"srtp_profile", call.srtp_profile},
                          {"from_overlay", to_json(call.from_overlay)},
                          {"from_trunk", to_json(call.from_trunk)},
                          {"node", call.node},
                          {"caller_verdict", call.caller_verdict}};
  put_time(out, "started_at", call.started);
  put_time(out, "ringing_at", call.ringing);
  put_time(out, "answered_at", call.answered);
  put_time(out, "ended_at", call.ended);
  out["parent_call_id"] =
      call.parent_call_id ? boost::json::value(uuid_text(*call.parent_call_id)) : boost::json::value(nullptr);
  out["post_dial_delay_ms"] =
      call.post_dial_delay ? boost::json::value(call.post_dial_delay->count()) : boost::json::value(nullptr);
  put_money(out, "price", record.price);
  put_money(out, "charged", record.charged);
  if (record.rerated) put_money(out, "rerated", *record.rerated);
  out["rate"] = record.terms ? boost::json::value(rate_json(*record.terms)) : boost::json::value(nullptr);
  if (record.deck) {
    out["rate_deck"] = record.deck->deck;
    out["rate_deck_version"] = record.deck->version;
  }
  if (record.cost) put_money(out, "cost", *record.cost);
  if (record.margin) put_money(out, "margin", *record.margin);
  if (call.cost) {
    boost::json::object cost = rate_json(call.cost->terms);
    cost["deck"] = call.cost->deck;
    cost["currency"] = call.cost->currency;
    out["cost_rate"] = std::move(cost);
  }
  boost::json::array attempts;
  for (const billing::trunk_attempt& each : call.attempts)
    attempts.push_back(attempt_json(each));
  out["attempts"] = std::move(attempts);
  return out;
}

boost::json::object to_json(const billing::call_record& record, role reader) {
  static constexpr std::array hidden_from_subscribers{
      "trunk",  "node",          "attempts",  "cost",      "cost_micros",
      "margin", "margin_micros", "cost_rate", "rate_deck", "rate_deck_version"};
  static constexpr std::array hidden_from_carriers{
      "account_id", "parent_call_id", "node",      "attempts",          "rate",         "currency",
      "price",      "price_micros",   "charged",   "charged_micros",    "cost",         "cost_micros",
      "margin",     "margin_micros",  "cost_rate", "overlay_codec",     "srtp_profile", "from_overlay",
      "settled_by", "billed_s",       "rate_deck", "rate_deck_version", "rerated",      "rerated_micros"};
  boost::json::object out = to_json(record);
  const auto hide = [&out](const auto& names) {
    for (const char* const each : names)
      out.erase(each);
  };
  if (reader == role::subscriber) hide(hidden_from_subscribers);
  if (reader == role::carrier) hide(hidden_from_carriers);
  return out;
}

}  // namespace tollgate::gateway::api
