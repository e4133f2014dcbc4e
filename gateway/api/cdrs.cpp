// SPDX-License-Identifier: Apache-2.0
// Call detail records of one account and of all.
#include "billing/cdr.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "billing/error.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;
using records = std::vector<billing::call_record>;

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
                          {"node", call.node}};
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
  out["rate"] = record.terms ? boost::json::value(rate_json(*record.terms)) : boost::json::value(nullptr);
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
    attempts.push_back(boost::json::object{{"trunk", each.trunk},
                                           {"sip_code", each.sip_code},
                                           {"reason", each.reason},
                                           {"at", rfc3339(each.at)}});
  out["attempts"] = std::move(attempts);
  return out;
}

reply page_of(const result<records>& found, int limit) {
  if (!found) return problem(found.error());
  boost::json::array items;
  for (const billing::call_record& each : *found)
    items.push_back(to_json(each));
  const bool more = found->size() == static_cast<std::size_t>(limit);
  return list_reply(std::move(items),
                    more ? std::optional(uuid_text(found->back().call.call_id)) : std::nullopt);
}

reply no_call() {
  return problem(404, "no_call", "There is no such call.");
}

}  // namespace

awaitable<reply> list_account_calls(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  auto fields = field_reader::of_query(from);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto before = fields.id("before");
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!id) co_return problem(billing::make_error_code(billing::error::no_account));
  const auto read = [&](pqxx::work& tx) { return billing::list_calls(tx, *id, limit, before); };
  const result<records> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return page_of(found, limit);
}

awaitable<reply> get_account_call(services& with, const request& from) {
  const auto account = parse_uuid(from.parameters[0]), call = parse_uuid(from.parameters[1]);
  if (!account || !call) co_return no_call();
  const auto read = [&](pqxx::work& tx) { return billing::find_call(tx, *account, *call); };
  const result<std::optional<billing::call_record>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  co_return found->has_value() ? json_reply(200, to_json(**found)) : no_call();
}

awaitable<reply> list_cdrs(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto before = fields.id("before");
  const auto account = fields.id("account_id");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) {
    return account ? billing::list_calls(tx, *account, limit, before)
                   : billing::list_all_calls(tx, limit, before);
  };
  const result<records> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return page_of(found, limit);
}

}  // namespace tollgate::gateway::api
