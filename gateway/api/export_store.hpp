// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: exports of records of calls in PostgreSQL. Every function works within the caller's transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/api/call_query.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::gateway::api {

struct cdr_export {
  uuid id{};
  role as = role::admin;             ///< of who ordered it
  std::optional<uuid> carrier_id{};  ///< of a carrier's: whose it is
  std::string format;                ///< "csv", "jsonl"
  std::string query;                 ///< JSON: the body that ordered it
  std::string state, error;          ///< "waiting", "running", "done", "failed" with its error
  int parts = 0;
  std::int64_t records = 0, size_bytes = 0;
  wall_time created_at{};
  std::optional<wall_time> ended_at{}, expires_at{};
  int keep_hours = 24;
  std::optional<uuid> last_call{};
};

/// How much there may be at once: exports that have not ended, and bytes of one.
struct export_bounds {
  int most_open = 20;
  std::int64_t most_bytes = std::int64_t{2} << 30;
  int records_of_part = 2'000;
};

enum class order_outcome : std::uint8_t { made, repeated, conflict, too_many };
/// Makes it, unless there is one of this id: the same one counts once, another one is in conflict.
order_outcome order_export(pqxx::transaction_base& tx, const cdr_export& wanted, const export_bounds& bounds);

/// One that has not gone; of a carrier's if one is given.
std::optional<cdr_export> find_export(pqxx::transaction_base& tx, const uuid& id, const std::optional<uuid>& carrier_id);
/// Newest first, or oldest first, behind `after`.
std::vector<cdr_export> list_exports(pqxx::transaction_base& tx, const std::optional<uuid>& carrier_id, int limit, const std::optional<uuid>& after,
                                     bool oldest_first);
/// False: there is none.
bool remove_export(pqxx::transaction_base& tx, const uuid& id, const std::optional<uuid>& carrier_id);
/// A part's bytes; nothing: there is none.
std::optional<std::string> read_export_part(pqxx::transaction_base& tx, const uuid& id, int part);

/// Takes the oldest that nobody makes, for a while. Nothing: there is none.
std::optional<cdr_export> claim_export(pqxx::transaction_base& tx, const uuid& claim);
/// Makes the next part of a claimed one. False: it has ended, well or not, or is another's by now.
bool advance_export(pqxx::transaction_base& tx, const uuid& id, const uuid& claim, const export_bounds& bounds);
/// Lets others go on with it.
void release_export(pqxx::transaction_base& tx, const uuid& claim);
/// Forgets those that were to be kept until now.
void expire_exports(pqxx::transaction_base& tx);

}  // namespace tollgate::gateway::api
