// SPDX-License-Identifier: Apache-2.0
// What one account may call, in PostgreSQL: exceptions from the gateway's dial policy in both directions, and
// limits by account. Functions over the caller's transaction.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>

#include "gateway/subscriber/error.hpp"
#include "pstn/number/dial_policy.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::gateway::subscriber {

using boost::uuids::uuid;

struct calling_policy {
  pstn::number::account_dial_policy dial{};
  std::optional<int> calls{};  ///< at once on a node; none: as everybody
  /// Micro-units of the account's currency in 24 hours for each country code; none: no limit. A limit on when
  /// calls start and go on: a live call's hold is not counted against itself.
  std::optional<std::int64_t> country_spend_day_micros{};
};

/// An account without a row has the empty policy: as everybody.
calling_policy find_calling_policy(pqxx::transaction_base& tx, const uuid& account_id);

/// Of those of the accounts that have a row, in one question however many they are.
std::map<uuid, calling_policy> find_calling_policies(pqxx::transaction_base& tx,
                                                     const std::vector<uuid>& account_ids);

/// Replaces all of it. no_subscriber; policy_malformed for a prefix that is not 1 to 15 digits, a country
/// that is no ISO 3166 code with a numbering plan, lists of more than 1000, or a negative limit.
boost::system::result<void> set_calling_policy(pqxx::transaction_base& tx, const uuid& account_id,
                                               const calling_policy& policy);

struct account_policy {
  uuid account_id{};
  calling_policy policy{};
};
/// Of those accounts that have one, in the order of their ids, behind `after`, at most `limit`.
std::vector<account_policy> list_calling_policies(pqxx::transaction_base& tx, const uuid& after, int limit);

/// The dial policy that was set for all gateways at run time; nothing: each one's configuration holds. `high_risk` of
/// such a policy is told by high_risk_prefixes being empty, as of the configuration's.
std::optional<pstn::number::dial_policy> find_general_policy(pqxx::transaction_base& tx);
/// Replaces all of it; every gateway hears of it. policy_malformed as above.
boost::system::result<void> set_general_policy(pqxx::transaction_base& tx, const pstn::number::dial_policy& policy);
void remove_general_policy(pqxx::transaction_base& tx);

/// Spent in the last 24 hours on numbers of this country code, with what live calls hold but for the call
/// `except`.
std::int64_t spent_on_country(pqxx::transaction_base& tx, const uuid& account_id, int country_code,
                              const uuid& except);

}  // namespace tollgate::gateway::subscriber
