// SPDX-License-Identifier: Apache-2.0
// Who is told of events, and what is still to be told, in PostgreSQL (schema gateway). At least once, in the usual case exactly once;
// of one resource in the order of events: the next one waits until the one before was taken or given up. Every function works within
// the caller's transaction, at READ COMMITTED and on the database's clock.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/events/event.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::gateway::events {

struct webhook {
  uuid webhook_id{};
  std::optional<uuid> account_id{};      ///< whose it is; nothing: the operator's
  std::string url;                       ///< http, https or mailto
  std::vector<std::string> event_types;  ///< empty: all that its owner may hear of
  std::string description;
  bool enabled = true;
  std::string secret, old_secret;        ///< of the signature; the old one signs beside it for a while, empty: there is none
  std::string created_at;                ///< RFC 3339
  std::int64_t waiting = 0, failed = 0;  ///< deliveries, counted up to 1,000
  std::string last_error;                ///< of the oldest that waits or failed
};

inline constexpr int webhooks_of_account_most = 10;

/// False: the account has as many as it may. The same id again changes nothing.
bool add_webhook(pqxx::transaction_base& tx, const webhook& what);
/// All but the secrets and the counts; what waits stays. False: there is none.
bool change_webhook(pqxx::transaction_base& tx, const webhook& what);
/// It is seen no more and hears of nothing; what waited for it goes at once, or, if that is much, by purge_removed(). False: there is none.
bool remove_webhook(pqxx::transaction_base& tx, const uuid& webhook_id);
/// Takes away what waited for webhooks that were removed, at most `limit` deliveries, and the webhooks of which nothing is left.
/// Answers how many deliveries: `limit`, there may be more.
int purge_removed(pqxx::transaction_base& tx, int limit);
/// A new secret; the old one signs beside it for `overlap`. False: there is none.
/// Of a change that is made again (the same `change_id`), whose secret nobody has been told, the new secret takes the place, and the old
/// one stays.
bool change_secret(pqxx::transaction_base& tx, const uuid& webhook_id, const std::string& secret, std::chrono::seconds overlap,
                   const std::optional<uuid>& change_id = {});
std::optional<webhook> find_webhook(pqxx::transaction_base& tx, const uuid& webhook_id);
/// In the order of their ids, those after `after`, or, descending, before it; of one account, if one is named.
std::vector<webhook> list_webhooks(pqxx::transaction_base& tx, const std::optional<uuid>& account_id, const std::optional<uuid>& after,
                                   int limit, bool descending = false);

struct webhook_delivery {
  event what;
  int attempts = 0;
  std::string due_at, failed_at, error;  ///< RFC 3339; empty: not given up
};
enum class delivery_state : std::uint8_t { waiting, failed };
/// In the order of positions, those above `after`.
std::vector<webhook_delivery> list_deliveries(pqxx::transaction_base& tx, const uuid& webhook_id, delivery_state state,
                                              std::int64_t after, int limit);
inline constexpr int replayed_at_once = 10'000;
/// What was given up is delivered again, one event or all, of more than replayed_at_once the oldest. Answers how many.
std::int64_t replay(pqxx::transaction_base& tx, const uuid& webhook_id, const std::optional<std::int64_t>& position);

/// One webhook, and what may be delivered to it now: at most one event of each resource.
struct webhook_work {
  webhook to;
  std::vector<webhook_delivery> what;
};
/// Takes at most `webhooks` that are due, for `lease`: whoever does not end it by then has failed. Any node may ask at any time; each
/// webhook goes to one of them. The operator's come first, and of accounts no more than `of_accounts`, none while another of the same
/// account is being delivered to.
std::vector<webhook_work> take_webhooks(pqxx::transaction_base& tx, int webhooks, int of_accounts, int deliveries,
                                        std::chrono::seconds lease);

struct delivery_outcome {
  std::int64_t position = 0;
  bool done = false;
  std::string why{};                                ///< of a failure
  std::optional<std::chrono::seconds> again_after{};  ///< nothing: given up
};
/// Notes what came of it, and when the webhook is to be looked at next: not before `pause` is over.
void end_work(pqxx::transaction_base& tx, const uuid& webhook_id, const std::vector<delivery_outcome>& outcomes,
              std::chrono::seconds pause = {});

}  // namespace tollgate::gateway::events
