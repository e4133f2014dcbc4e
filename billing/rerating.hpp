// SPDX-License-Identifier: Apache-2.0
// Rating calls of a time anew, by another version of a deck: what they would cost as a report, and on order
// as corrections with ledger entries of their own (kind rerating). README.md has the rules.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "billing/account.hpp"
#include "billing/error.hpp"
#include "billing/money.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

// Which calls, and by what.
struct rerating_request {
  std::string deck{};  // of kind sell
  int version = 0;
  std::string rated_by{};                 // the deck that gave their rates; empty: the same deck
  std::optional<int> rated_by_version{};  // nothing: any of its versions
  std::optional<uuid> account_id{};       // nothing: of all accounts
  std::chrono::system_clock::time_point from{}, until{};  // they began in [from, until), by their ids
};

// A call whose price is another by that version.
struct call_rated_anew {
  uuid account_id{};
  uuid call_id{};
  std::optional<std::chrono::system_clock::time_point> began{};
  std::string callee{};
  std::chrono::milliseconds talk{0};
  std::string prefix_before{}, prefix{};
  std::chrono::seconds billed_before{0}, billed{0};
  money before{};  // taken until now, earlier re-ratings included
  money price{};   // by the version
};

struct rerating_report {
  std::string currency{};
  std::int64_t calls = 0;     // with talk time and a rate of `rated_by`
  std::int64_t unpriced = 0;  // of them: the version has no price for their numbers
  std::int64_t provisional =
      0;  // settled without their stop record, which may still come: told, not corrected
  std::int64_t cheaper = 0, dearer = 0;  // the others whose price differs
  money before{}, after{};               // of all but the first two
  money to_give_back{}, to_take{};       // what corrections would move, were there credit for it
  std::vector<call_rated_anew> first{};  // those that differ most, at most as many as asked for
};

inline constexpr std::size_t most_rated_anew_listed = 1'000;

// Changes nothing. Reads every CDR of the time. error::no_deck (no such version of a sell deck, or no deck
// `rated_by`), wrong_currency (the two decks have different ones), malformed (no time between from and
// until).
boost::system::result<rerating_report> report_rerating(pqxx::transaction_base& tx,
                                                       const rerating_request& request,
                                                       std::size_t listed = 100);

// Orders the corrections under an id, 1 … 200 bytes: once, however often it is asked. True: it was ordered
// before, perhaps with calls left to do. Beside the errors of the report: reference_conflict (the id stands
// for another order), malformed (the id). Nothing is entered yet: advance_rerating.
boost::system::result<bool> begin_rerating(pqxx::transaction_base& tx, const std::string& id,
                                           const rerating_request& request, const std::string& note = {});

// Enters the corrections of up to `limit` more calls, in one transaction. True: nothing is left to do. What
// is to be taken is at most the free credit of its account; the rest is lacking, and a later re-rating takes
// it. To be called until true, a transaction each; whoever is interrupted goes on with the same id.
bool advance_rerating(pqxx::transaction_base& tx, const std::string& id, int limit = 100);

// An order and what came of it.
struct rerating {
  std::string id{};
  rerating_request request{};
  std::string currency{};
  std::string note{};
  std::chrono::system_clock::time_point begun{};
  std::optional<std::chrono::system_clock::time_point> ended{};  // nothing: calls are left to do
  std::int64_t calls = 0;                                        // corrected
  money given_back{}, taken{}, lacking{};
};

std::optional<rerating> find_rerating(pqxx::transaction_base& tx, const std::string& id);

// Newest first, at most `limit` (1 … 1000), begun before `before`.
std::vector<rerating> list_reratings(
    pqxx::transaction_base& tx, int limit,
    std::optional<std::chrono::system_clock::time_point> before = std::nullopt);

// The correction of one call.
struct rerated_call {
  uuid account_id{};
  uuid call_id{};
  std::chrono::seconds billed{0};
  money before{}, price{};
  money amount{};                          // of the entry: positive, given back
  money lacking{};                         // what the credit did not have
  std::optional<std::int64_t> sequence{};  // of the entry; nothing: there was no credit at all
};

struct rerated_position {
  uuid account_id{};
  uuid call_id{};
};

// Those of one re-rating in the order of account and call, behind a position, at most `limit` (1 … 1000).
std::vector<rerated_call> list_rerated_calls(pqxx::transaction_base& tx, const std::string& id, int limit,
                                             const rerated_position& after = {});

}  // namespace tollgate::billing
