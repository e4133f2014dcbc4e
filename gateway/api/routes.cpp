// SPDX-License-Identifier: Apache-2.0
// /v1/routes: which trunks serve which prefixes, as the trunks' own settings say. How one call would go is simulation.cpp's.
#include <algorithm>
#include <map>
#include <tuple>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "pstn/trunk/trunk_store.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;
using pstn::trunk::trunk;

// By priority; what is of one priority has its turn by cost, quality and weight.
boost::json::array trunks_json(std::vector<const trunk*> trunks) {
  std::sort(trunks.begin(), trunks.end(), [](const trunk* one, const trunk* other) {
    return std::tie(one->priority, one->name) < std::tie(other->priority, other->name);
  });
  boost::json::array out;
  for (const trunk* const each : trunks)
    out.push_back(boost::json::object{{"trunk_id", uuid_text(each->id)},
                                      {"name", each->name},
                                      {"carrier_id", uuid_text(each->carrier_id)},
                                      {"enabled", each->enabled},
                                      {"priority", each->priority},
                                      {"weight", each->weight}});
  return out;
}

}  // namespace

awaitable<reply> list_routes(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const auto number = fields.number("number");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [](pqxx::work& tx) { return pstn::trunk::list_trunks(tx); };
  const result<std::vector<trunk>> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  const std::string digits = number ? std::string(number->digits()) : std::string();
  std::map<std::string, std::vector<const trunk*>> by_prefix;
  for (const trunk& each : *found) {
    if (each.served_prefixes.empty()) by_prefix[""].push_back(&each);
    for (const std::string& prefix : each.served_prefixes)
      if (!number || digits.starts_with(prefix)) by_prefix[prefix].push_back(&each);
  }
  boost::json::array items;
  for (auto& [prefix, trunks] : by_prefix)
    items.push_back(boost::json::object{{"prefix", prefix}, {"trunks", trunks_json(std::move(trunks))}});
  co_return list_reply(std::move(items), std::nullopt);
}

}  // namespace tollgate::gateway::api
