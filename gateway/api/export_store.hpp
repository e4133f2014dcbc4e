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

/// How much there may be at once.
struct export_bounds {
  int most_open = 20;                                       ///< exports that have not ended
  int open_of_staff = 5;                                    ///< of these: not for carriers
  int most_of_carrier = 5;                                  ///< exports of one carrier that have not expired
  std::int64_t most_bytes = std::int64_t{2} << 30;          ///< of one
  std::int64_t most_bytes_of_all = std::int64_t{20} << 30;  ///< of those that have not expired: no other is begun beyond that
  int records_of_part = 2'000;
};

/// The last three refuse it: as many as there may be are open; of this carrier; bytes of all.
enum class order_outcome : std::uint8_t { made, repeated, conflict, too_many, too_many_of_carrier, no_space };
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

/// Takes the one that has waited longest and that nobody makes, for a while; one whose next part was begun too often in vain has failed.
/// Nothing: there is none.
std::optional<cdr_export> claim_export(pqxx::transaction_base& tx, const uuid& claim);
/// Makes the next part of a claimed one. False: it has ended, well or not, or is another's by now.
bool advance_export(pqxx::transaction_base& tx, const uuid& id, const uuid& claim, const export_bounds& bounds);
/// Lets others go on with it, after a rest.
void release_export(pqxx::transaction_base& tx, const uuid& claim, std::chrono::seconds rest);
/// Forgets one that was to be kept until now. False: there is none.
bool expire_export(pqxx::transaction_base& tx);

}  // namespace tollgate::gateway::api
