// SPDX-License-Identifier: Apache-2.0
// How a call would be placed, at what price and cost, without placing it.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

boost::json::object to_json(const billing::rate& terms, const std::string& currency,
                            std::chrono::seconds usual_call) {
  boost::json::object out{{"prefix", terms.prefix},
                          {"currency", currency},
                          {"initial_increment_s", terms.initial_increment.count()},
                          {"next_increment_s", terms.next_increment.count()}};
  put_money(out, "price_per_minute", terms.price_per_minute);
  put_money(out, "connection_fee", terms.connection_fee);
  put_money(out, "usual_call", billing::call_price(terms, usual_call));
  return out;
}

boost::json::object to_json(const simulated_trunk& trunk, std::chrono::seconds usual_call) {
  boost::json::object out{{"trunk_id", uuid_text(trunk.trunk_id)},
                          {"trunk", trunk.trunk},
                          {"carrier_id", uuid_text(trunk.carrier_id)},
                          {"verdict", trunk.verdict},
                          {"prefix_size", trunk.prefix_size},
                          {"priority", trunk.priority},
                          {"weight", trunk.weight},
                          {"up", trunk.up},
                          {"calls", trunk.calls}};
  out["cost"] = trunk.cost ? boost::json::value(to_json(trunk.cost->terms, trunk.cost->currency, usual_call))
                           : boost::json::value(nullptr);
  out["targets"] = boost::json::array(trunk.targets.begin(), trunk.targets.end());
  boost::json::object quality{{"attempts", trunk.attempts}, {"answered", trunk.answered}};
  quality["answer_seizure_ratio"] =
      trunk.attempts > 0
          ? boost::json::value(static_cast<double>(trunk.answered) / static_cast<double>(trunk.attempts))
          : boost::json::value(nullptr);
  quality["post_dial_delay_ms"] = trunk.post_dial_delay ? boost::json::value(trunk.post_dial_delay->count())
                                                        : boost::json::value(nullptr);
  out["quality"] = std::move(quality);
  return out;
}

}  // namespace

awaitable<reply> simulate_call(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  call_question question;
  question.number = fields.needed_text("number");
  question.account_id = fields.id("account_id");
  const auto region = fields.text("region", 2);
  if (region && question.account_id) fields.complain("region", "cannot stand beside account_id");
  question.region = region.value_or(with.options.region);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto place = co_await with.database.take_place();
  if (!place) co_return problem(with.database.no_place());
  const result<simulated_call> found = co_await with.gateway.simulate(question);
  if (!found) co_return problem(found.error());
  boost::json::object out{{"verdict", found->verdict},
                          {"text", found->text},
                          {"region", found->region},
                          {"number_type", found->number_type},
                          {"usual_call_s", found->usual_call.count()}};
  out["number"] = found->number ? boost::json::value(found->number->e164()) : boost::json::value(nullptr);
  out["caller"] = found->caller ? boost::json::value(found->caller->e164()) : boost::json::value(nullptr);
  out["price"] = found->price ? boost::json::value(to_json(*found->price, found->currency, found->usual_call))
                              : boost::json::value(nullptr);
  boost::json::array trunks;
  for (const simulated_trunk& each : found->trunks)
    trunks.push_back(to_json(each, found->usual_call));
  out["trunks"] = std::move(trunks);
  co_return json_reply(200, out);
}

}  // namespace tollgate::gateway::api
