// SPDX-License-Identifier: Apache-2.0
#include "gateway/local_token.hpp"

#include <boost/json/value.hpp>
#include <pqxx/connection>
#include <pqxx/transaction>

#include "gateway/api/audit.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/token_list.hpp"

namespace tollgate::gateway {

bool is_possible(const local_token_wish& wish) {
  const auto is_bound = [&](api::role to, const std::string& id) {
    return (api::parse_role(wish.role) == to) ? api::parse_uuid(id).has_value() : id.empty();
  };
  return api::parse_role(wish.role) && is_bound(api::role::carrier, wish.carrier) && is_bound(api::role::subscriber, wish.account);
}

std::optional<boost::json::object> make_local_token(const std::string& url, const local_token_wish& wish) {
  api::api_token wanted;
  wanted.of.as = *api::parse_role(wish.role);
  wanted.of.carrier_id = api::parse_uuid(wish.carrier);
  wanted.of.account_id = api::parse_uuid(wish.account);
  wanted.label = wish.label;
  if (wish.expires_in_days > 0) wanted.expires_at = std::chrono::system_clock::now() + std::chrono::hours(24) * wish.expires_in_days;
  const std::string secret = api::make_token();
  pqxx::connection link(url);
  pqxx::work tx(link);
  const auto kept = api::store_token(tx, secret, wanted);
  if (!kept) return std::nullopt;
  boost::json::object out = api::to_json(*kept);
  api::note_local_change(tx, "POST", "/v1/api_tokens", out);
  tx.commit();
  out["token"] = secret;
  return out;
}

}  // namespace tollgate::gateway
