// SPDX-License-Identifier: Apache-2.0
// Comparing three accounts of the same calls: the ledger's charges, our CDRs, and what a carrier sends as its
// own record of them.
#pragma once

#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "billing/money.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

using boost::uuids::uuid;
using std::chrono::system_clock;

// ---- the ledger against the CDRs

struct ledger_difference {
  // missing: a charge without a CDR; extra: a CDR that says it was charged, without a charge; amount: both,
  // and they differ
  std::string what{};
  uuid account_id{};
  uuid call_id{};
  money ledger{};  // what the entries took
  money record{};  // what the CDR says
};

struct ledger_comparison {
  std::int64_t calls = 0;                  // with a CDR or a charge
  std::vector<ledger_difference> first{};  // at most 1000, by call id
  std::int64_t differences = 0;
};

// Over the calls whose id was made with from ≤ time < until (UUIDv7). Months that retention has taken out are
// left out.
ledger_comparison compare_ledger(pqxx::transaction_base& tx, system_clock::time_point from,
                                 system_clock::time_point until);

// ---- a carrier's CSV against the CDRs

struct carrier_call {
  std::size_t line = 0;
  system_clock::time_point at{};  // of its start or its answer
  std::string called{};           // digits
  std::int64_t seconds = 0;
  std::optional<money> amount{};
};

struct carrier_problem {
  std::size_t line = 0;
  std::string text{};
};

struct carrier_text {
  std::vector<carrier_call> calls{};  // those of 0 s are left out
  std::vector<carrier_problem> problems{};
};

// Reads a carrier's CSV (RFC 4180; the delimiter is found). Columns by header name, others are ignored:
//   called    called_number, callee, destination_number, number, to, b_number       with or without + or 00
//   time      answer_time, answered_at, connect_time, start_time, started_at, setup_time, date_time, date
//             RFC 3339, YYYY-MM-DD hh:mm:ss, or seconds since 1970; without an offset `utc_offset` counts
//   seconds   duration, duration_s, billed_seconds, billsec, billed_s                whole, or hh:mm:ss
//   amount    cost, charge, price, total                                            optional, a decimal
// Of several time columns the answer's goes first.
carrier_text parse_carrier_csv(std::string_view csv, std::chrono::minutes utc_offset = {});

// One of ours that a carrier took.
struct own_call {
  uuid account_id{};
  uuid call_id{};
  std::optional<system_clock::time_point> started{}, answered{};
  std::string called{};            // digits
  std::int64_t talk_ms = 0;        // steady clock
  std::int64_t cost_billed_s = 0;  // by the frozen cost rate's increments; 0: no cost is known
  std::optional<money> cost{};
  // Of an attempt whose answer crossed our CANCEL, or that had no media for us: connected for an instant,
  // which the carrier may have as a call of no time at all. It is not missed there.
  bool unheard = false;
};

struct carrier_tolerance {
  std::chrono::seconds time{90};  // between two records of one call: setup times count among them
  std::chrono::seconds duration{1};
  money amount{10'000};
};

struct carrier_match {
  own_call ours{};
  carrier_call theirs{};
};

struct carrier_comparison {
  std::int64_t matched = 0;
  std::vector<own_call> missing{};    // at the carrier
  std::vector<carrier_call> extra{};  // at the carrier, not ours
  std::vector<carrier_match> seconds_differ{};
  std::vector<carrier_match> amount_differs{};
};

// Pairs records of the same number that are nearest in time, each once. The carrier's seconds may be the talk
// time, rounded either way, or what its increments make of it. Free of IO.
carrier_comparison compare_calls(std::vector<own_call> ours, std::vector<carrier_call> theirs,
                                 const carrier_tolerance& allowed = {});

// Answered calls over these trunks (names) that began with from ≤ time < until, with some talk time; also
// attempts of calls that went elsewhere, or nowhere, where the trunk answered all the same
// (trunk_attempt::connected). Of records that know their carrier, those of `carrier_id` alone, if one is given.
std::vector<own_call> calls_over_trunks(pqxx::transaction_base& tx, const std::vector<std::string>& trunks,
                                        system_clock::time_point from, system_clock::time_point until,
                                        std::optional<uuid> carrier_id = std::nullopt);
// Names under which the carrier's trunks are in the records of that time, whatever they are called and whose they are now.
std::vector<std::string> trunks_in_records(pqxx::transaction_base& tx, const uuid& carrier_id, system_clock::time_point from,
                                           system_clock::time_point until);

}  // namespace tollgate::billing
