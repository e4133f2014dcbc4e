// SPDX-License-Identifier: Apache-2.0
// `tollgate cdr export|reconcile|rerate`: call detail records of a running gateway, over its REST API.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/command.hpp"

namespace tollgate::gateway {

struct cdr_export_options {
  std::string format = "jsonl";  ///< or "csv"
  std::filesystem::path output;  ///< empty: standard output
  std::filesystem::path state;   ///< how far `output` is; empty: none is kept
  std::string after;     ///< a cursor; empty: from the state, else from what the consumer has, else all
  std::string consumer;  ///< told to the gateway, whose retention waits for it; empty: none
};

/// Writes every record behind the cursor that is committed now. With `output` and `state`, run again and
/// again, also after having been killed at any moment, the file has each record once: the state names the
/// length that belongs to its cursor, and what is beyond is cut off.
int command_cdr_export(const configuration& settings, const remote_options& remote,
                       const cdr_export_options& wanted);

struct cdr_reconcile_options {
  std::string month;                  ///< "2026-11"; or from and until
  std::string from, until;            ///< RFC 3339, or a day (UTC)
  std::filesystem::path carrier_csv;  ///< empty: the ledger alone
  std::vector<std::string> trunks;    ///< whose calls the carrier's file has
  std::string carrier_id;             ///< in place of trunks
  int time_tolerance_s = 90, duration_tolerance_s = 1, utc_offset_min = 0;
};

/// exit_failed if anything differs.
int command_cdr_reconcile(const configuration& settings, const remote_options& remote,
                          const cdr_reconcile_options& wanted);

struct cdr_rerate_options {
  std::string deck, version;       ///< by which the calls are rated anew
  std::string rated_by;            ///< deck, or deck/version, that gave their rates; empty: the same deck
  std::string account;             ///< name or id; empty: all
  std::string month, from, until;  ///< as of reconcile
  std::string commit;              ///< id under which corrections are entered; empty: a report only
  std::string note;
};

/// Tells what the calls would have cost; with `commit`, enters the differences, once by its id.
int command_cdr_rerate(const configuration& settings, const remote_options& remote,
                       const cdr_rerate_options& wanted);

/// First moment and the one after the last, RFC 3339, of a month or of two moments or days. Nothing: what is
/// wrong was told on standard error, in the name of `command`.
std::optional<std::pair<std::string, std::string>> cdr_span(const std::string& command,
                                                            const std::string& month, const std::string& from,
                                                            const std::string& until);

}  // namespace tollgate::gateway
