// SPDX-License-Identifier: Apache-2.0
// The prepaid ledger. Each function is one statement, one round trip, idempotent by its id, and serialised by
// the account's row. Run it in a READ COMMITTED transaction and commit; a lost answer means: ask again with
// the same id. README.md has the states.
#pragma once

#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "billing/account.hpp"
#include "billing/error.hpp"
#include "billing/money.hpp"
#include "billing/rate.hpp"
#include "billing/stop_record.hpp"
#include "billing/tax.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

// ---- before and during the call

// What may be spent in 24 hours on callees that begin alike ("+44"), live calls to them counted with all that
// they hold. Decided with the hold, under the account's lock.
struct callee_bound {
  std::string callee_begins{};
  money most{};
};

struct hold_request {
  uuid account_id{};
  uuid call_id{};                                  // UUIDv7; journalled by the gateway before it is used
  uuid gateway_instance{};                         // one run of one node
  std::string node{};                              // the node's lasting name
  call_direction direction = call_direction::out;  // out or forward
  rate terms{};                                    // frozen in the hold and then in the CDR
  std::string currency{};                          // of the rate's table; must be the account's
  money minimum{};  // refuse below it; the price of the initial increment is the least in any case
  money wanted{};   // grant at most so much
  std::chrono::seconds lease{30};  // on the database's clock; renewed by extend_hold and report_usage
  std::string caller{};
  std::string callee{};
  std::optional<callee_bound> bound{};
};

enum class hold_status : std::uint8_t {
  opened,
  repeated,             // the hold of this call id exists: same answer again
  insufficient_credit,  // final for this call id; a CDR without charge was written
  account_blocked,      // final as well
  wrong_currency,       // final as well
  fraud_limit,          // final as well: a limit was reached (open_guarded_hold)
  callee_limit,         // final as well: the request's bound is reached
  already_settled,      // the call has ended before
  no_account,
};

struct hold_answer {
  hold_status status = hold_status::no_account;
  money granted{};      // affordable_duration(terms, granted) is how long the call may last
  money available{};    // free credit beside it, now
  std::string limit{};  // the fraud limit that was reached, or empty; an opened hold may have one: only noted
};

// No hold, no INVITE.
hold_answer open_hold(pqxx::transaction_base& tx, const hold_request& request);
// The same within the limits of fraud.hpp, in the same round trip and under the same lock.
hold_answer open_guarded_hold(pqxx::transaction_base& tx, const hold_request& request);

struct extend_request {
  uuid account_id{};
  uuid call_id{};
  int request_number = 1;  // 1, 2, 3 … ; the same number again repeats the same extension
  std::chrono::seconds used{0};
  money more{};
  std::chrono::seconds lease{30};
};

enum class extend_status : std::uint8_t {
  extended,
  repeated,
  final_unit,   // less than `more` was left (perhaps nothing): the call ends when `total` is used up
  fraud_limit,  // a limit was reached that ends live calls: end the call now (extend_guarded_hold)
  no_hold,      // settled meanwhile, or never opened: end the call now
};

struct extend_answer {
  extend_status status = extend_status::no_hold;
  money total{};        // everything granted so far
  money available{};    // free credit beside it, now
  std::string limit{};  // the fraud limit that was reached, or empty
};

extend_answer extend_hold(pqxx::transaction_base& tx, const extend_request& request);
// The same within the limits of fraud.hpp.
extend_answer extend_guarded_hold(pqxx::transaction_base& tx, const extend_request& request);

struct usage {
  uuid account_id{};
  uuid call_id{};
  std::chrono::seconds used{0};  // talk time so far
};

struct usage_answer {
  std::size_t renewed = 0;  // a hold that another step has locked at this moment is left for the next report
  std::vector<uuid> without_hold{};  // call ids that have no hold of this instance any more
};

// Reports the talk time of all live calls of one gateway at once and renews their leases; an abandoned call
// is billed up to its last report. Every 5 s, and once at each answer.
usage_answer report_usage(pqxx::transaction_base& tx, const uuid& gateway_instance,
                          std::span<const usage> calls, std::chrono::seconds lease);

// ---- after the call

enum class settle_status : std::uint8_t {
  settled,
  repeated,      // settled or refused before: same answer again
  corrected,     // the reaper had settled it provisionally; now charged by the true record, once
  unknown_call,  // neither hold nor CDR: nothing was written (a call without a hold: record_call)
};

struct settlement {
  settle_status status = settle_status::unknown_call;
  money charged{};                 // in all, for this call
  std::chrono::seconds billed{0};  // what was charged for; never more than the hold paid for
  money balance_after{};           // posted credit of the account, now
};

// Charges (never more than the hold), releases the hold, writes entry and CDR. The charge follows from the
// record's `talk` and the rate frozen in the hold. Talk time beyond the paid second is not charged.
settlement settle(pqxx::transaction_base& tx, const stop_record& record);

enum class record_status : std::uint8_t { recorded, repeated };

// The CDR of a call that costs nothing and never had a hold (inbound, voicemail, refused before the hold).
// error::hold_exists, error::no_account.
boost::system::result<record_status> record_call(pqxx::transaction_base& tx, const stop_record& record);

// Settles up to `limit` holds whose lease ran out more than `grace` ago at their last reported second,
// provisionally. Any node may run it at any time. Does nothing while the database itself has been up for less
// than `grace`: its clients had no chance to report. Returns the number of holds settled.
std::size_t reap_holds(pqxx::transaction_base& tx, std::chrono::seconds grace, int limit);

// At the start of a node, after its spooled stop records were settled: settles the holds of its earlier runs
// in the same manner.
std::size_t settle_orphans(pqxx::transaction_base& tx, const std::string& node, const uuid& gateway_instance);

// ---- payments and entries

struct top_up_request {
  uuid account_id{};
  money amount{};
  std::string payment_id{};  // of the payment's origin, 1 … 200 bytes; unique over all accounts
  std::string note{};
  std::string currency{};                                     // if not empty, must be the account's
  std::optional<std::chrono::system_clock::time_point> at{};  // of the tax; nothing: the database's now
};

enum class top_up_status : std::uint8_t { credited, repeated };

struct top_up_answer {
  top_up_status status = top_up_status::credited;
  money balance_after{};      // posted credit of the account, now
  std::int64_t sequence = 0;  // of the entry
  money credited{};           // the amount, less a tax that comes on top
  std::optional<tax_share> tax{};
};

inline constexpr money default_least_top_up = units(10);

// Credits what was paid. `least` is of credit, and gives way to that of the account's currency; one
// micro-unit asks for none. error::no_account, invalid_amount, below_minimum, wrong_currency, malformed
// (payment id), payment_account_conflict, payment_amount_conflict, payment_currency_conflict (this id was
// used otherwise).
boost::system::result<top_up_answer> top_up(pqxx::transaction_base& tx, const top_up_request& request,
                                            money least = default_least_top_up);

// One balanced pair of the ledger: the account gets `amount`, the house account `contra` gets −amount.
struct entry {
  std::int64_t sequence = 0;  // 1, 2, 3 … without gaps in each account
  // top_up, call, correction (of a call, by its late stop record), rerating, subscription, refund, goodwill,
  // adjustment, voucher, lapse, reactivation, subscription_refund
  std::string kind{};
  // cash, call_revenue, subscription_revenue, refunds, goodwill, adjustments, vouchers, inactive_credit,
  // subscription_refunds
  std::string contra{};
  money amount{};
  money posted_after{};
  std::string reference{};  // call id, payment id, refund id, voucher's batch and serial, subscription id and
                            // period ("…/2"), re-rating and call id, an admin's reference
  std::string note{};
  std::chrono::system_clock::time_point at{};
  std::optional<tax_share> tax{};
};

// Newest first, at most `limit` (1 … 1000) with a sequence below `before`; with `oldest_first` the other way round, above it.
std::vector<entry> list_entries(pqxx::transaction_base& tx, const uuid& account_id, int limit,
                                std::optional<std::int64_t> before = std::nullopt, bool oldest_first = false);

struct violation {
  std::string what{};
  uuid account_id{};
  std::int64_t difference = 0;
};

// Every broken invariant of the ledger; must be empty always. Reads everything: for tests and for a nightly
// check.
std::vector<violation> violations(pqxx::transaction_base& tx);

}  // namespace tollgate::billing
