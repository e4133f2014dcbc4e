// SPDX-License-Identifier: Apache-2.0
// Taking CDRs out of the database in the order in which they were committed: every record once, none skipped,
// whatever is being written meanwhile. And who has taken them, and how long they are kept.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "billing/cdr.hpp"
#include "billing/error.hpp"

namespace tollgate::billing {

// Behind a record. The position is the number of the transaction that wrote it; a record is handed out when
// every transaction with a lower one has ended, so that nothing can appear before the cursor any more.
struct export_cursor {
  std::int64_t position = 0;
  uuid call_id{};
  uuid account_id{};
  bool operator==(const export_cursor&) const = default;
};

// "POSITION.CALL.ACCOUNT"; the default value is before the first record.
std::string to_string(const export_cursor& cursor);
// error::malformed
boost::system::result<export_cursor> parse_export_cursor(std::string_view text);

struct export_page {
  std::vector<call_record> records{};
  export_cursor next{};  // behind the last record; the cursor asked for if there is none
  bool more = false;     // the page is full: ask again at once
};

inline constexpr int most_exported = 5'000;  // records in a page

// Up to `limit` records behind the cursor. A record that is corrected later (settled_by) is handed out again
// as it is then, once. Records of transactions that are open, or that began before one that is, come later.
export_page export_calls(pqxx::transaction_base& tx, const export_cursor& after, int limit);

// The same records as CSV (RFC 4180): a header line, and one for each record; money as a decimal.
enum class cdr_columns : std::uint8_t {
  all,
  of_carriers,  // what a carrier may know of the calls over its trunks
};
std::string cdr_csv_header(cdr_columns which = cdr_columns::all);
std::string to_csv(const call_record& record, cdr_columns which = cdr_columns::all);

// ---- consumers

struct cdr_consumer {
  std::string name{};
  export_cursor has{};  // up to here
  std::chrono::system_clock::time_point acknowledged_at{};
};

std::vector<cdr_consumer> list_cdr_consumers(pqxx::transaction_base& tx);

// Says that the consumer has all records up to the cursor; the first time makes it known. Never goes back: an
// earlier cursor changes nothing. error::malformed: 1 … 63 of a-z, 0-9, dot, hyphen and underscore, the first
// one a letter or digit.
boost::system::result<cdr_consumer> acknowledge_export(pqxx::transaction_base& tx, const std::string& name,
                                                       const export_cursor& has);

// Retention waits for it no more. False: there is none.
bool remove_cdr_consumer(pqxx::transaction_base& tx, const std::string& name);

// ---- months

struct retention_policy {
  int months = 0;        // kept after a month's end; 0: for ever
  bool detach = false;   // a month that is over goes to schema billing_archive; else it is dropped
  int months_ahead = 3;  // whose partitions are made in advance
};

struct month_step {
  std::chrono::year_month_day month{};  // its first day
  // added, retired; what keeps it: not_exported (by a consumer), in_use (a live call), not_balanced (its
  // charges are not the ledger's); postponed (a lock was not to be had)
  std::string step{};
};

// Makes a partition that will be needed, or takes out a month that is over: one of them, whose locks go with
// the commit. Call it again, in another transaction, while goes_on(steps). Any node may run it at any time.
std::vector<month_step> keep_cdr_months(pqxx::transaction_base& tx, std::chrono::system_clock::time_point now,
                                        const retention_policy& policy);

// Whether one was added or retired.
bool goes_on(const std::vector<month_step>& steps);

// At the start of a node, before anything is written: after a restore by dump, positions go on behind those
// of old records. True: it was so.
bool check_export_era(pqxx::transaction_base& tx);

}  // namespace tollgate::billing
