// SPDX-License-Identifier: Apache-2.0
// Call detail records: what settle and record_call wrote, with the applied rate and the charge.
#pragma once

#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "billing/account.hpp"
#include "billing/money.hpp"
#include "billing/rate.hpp"
#include "billing/stop_record.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

enum class settled_by : std::uint8_t {
  gateway,    // by its stop record
  reaper,     // provisional: its gateway was lost
  corrected,  // provisional at first, then by the true stop record
  refused,    // no hold was granted: the call never was
};

// "gateway", "reaper", "corrected", "refused".
const char* to_string(settled_by value);

// A version of a rate deck, by its name and number (rate_deck.hpp).
struct deck_version_name {
  std::string deck{};
  int version = 0;
  bool operator==(const deck_version_name&) const = default;
};

struct call_record {
  stop_record call{};
  settled_by settled = settled_by::gateway;
  std::string currency{};
  std::optional<rate> terms{};              // none: the call needed no rate
  std::optional<deck_version_name> deck{};  // where the rate is from; none: no rate, or not out of a deck
  std::chrono::seconds billed{0};
  money price{};    // of the billed seconds
  money charged{};  // less than the price only if a correction found the credit gone
  std::optional<money>
      rerated{};  // taken since by re-ratings, negative: given back (rerating.hpp); none: none was
  std::optional<money>
      cost{};  // what the carrier asks, by call.cost and its currency; none: no cost was known
  std::optional<money> margin{};  // charged − cost; none: no cost, or in another currency
};

// An account's calls, newest first (call ids are UUIDv7), at most `limit` (1 … 1000), older than the call
// `before`. With `oldest_first` the other way round: newer than that one. A call comes into the list when it ends, so that a walk from the
// oldest may pass the place of one that is still going on.
std::vector<call_record> list_calls(pqxx::transaction_base& tx, const uuid& account_id, int limit,
                                    std::optional<uuid> before = std::nullopt, bool oldest_first = false);

std::optional<call_record> find_call(pqxx::transaction_base& tx, const uuid& account_id, const uuid& call_id);

}  // namespace tollgate::billing
