// SPDX-License-Identifier: Apache-2.0
#include "voicemail/number_order.hpp"

#include <map>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "voicemail/number_store.hpp"
#include "voicemail/sql.hpp"

namespace tollgate::voicemail {
namespace {

// Puts to each what its number is now.
std::vector<number_order> with_states(pqxx::transaction_base& tx, std::vector<billing::subscription_record> bought) {
  std::vector<number_order> out;
  std::map<std::string, std::size_t> places;
  std::string ids = "{";
  for (auto& each : bought) {
    const std::string id = sql::text(each.subscription_id);
    ids += (ids.size() > 1 ? "," : "") + id;
    places[id + sql::text(each.account_id)] = out.size();
    out.push_back({.bought = std::move(each)});
  }
  for (const auto& row : tx.exec_params(
           "SELECT order_id, account_id, state, voicemail.to_micros(paid_until) FROM voicemail.number WHERE order_id = ANY ($1::uuid[])", ids + "}")) {
    const auto found = places.find(std::string(row[0].c_str()) + row[1].c_str());
    if (found == places.end()) continue;
    out[found->second].state = parse_number_state(row[2].c_str());
    out[found->second].paid_until = sql::optional_time(row[3]);
  }
  return out;
}

}  // namespace

std::optional<number_order> find_order(pqxx::transaction_base& tx, const boost::uuids::uuid& order_id,
                                       const std::optional<boost::uuids::uuid>& account_id) {
  auto found = billing::find_subscription(tx, order_id, account_id);
  if (!found) return std::nullopt;
  return with_states(tx, {std::move(*found)}).front();
}

std::vector<number_order> list_orders(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, const billing::sequence_page& page) {
  return with_states(tx, billing::list_subscriptions(tx, account_id, page));
}

}  // namespace tollgate::voicemail
