// SPDX-License-Identifier: Apache-2.0
// The life of a rented number, as tables.
#include "voicemail/number_term.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace tollgate::voicemail {
namespace {

using namespace std::chrono_literals;
using enum number_state;

const system_clock::time_point now{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
const auto past = now - 1s;
const auto future = now + 1s;

struct due_row {
  const char* name;
  number_state state;
  number_dates dates;
  bool auto_renew;
  term_step expected;
};

TEST(NumberTerm, DatesAskForTheStepOfTheirState) {
  const std::vector<due_row> rows{
      {"stock asks for nothing", available, {}, true, term_step::none},
      {"a fresh reservation stays", reserved, {.reserved_until = future}, true, term_step::none},
      {"an abandoned reservation is freed",
       reserved,
       {.reserved_until = past},
       true,
       term_step::free_reservation},
      {"a paid term goes on", assigned, {.paid_until = future}, true, term_step::none},
      {"a term over is renewed", assigned, {.paid_until = past}, true, term_step::renew},
      {"the term ends at its very instant", assigned, {.paid_until = now}, true, term_step::renew},
      {"without renewal comes grace", assigned, {.paid_until = past}, false, term_step::enter_grace},
      {"grace goes on", grace, {.paid_until = past, .grace_until = future}, true, term_step::none},
      {"grace over", grace, {.paid_until = past, .grace_until = past}, true, term_step::quarantine},
      {"quarantine goes on", quarantined, {.quarantined_until = future}, false, term_step::none},
      {"quarantine over", quarantined, {.quarantined_until = past}, false, term_step::return_to_stock},
      {"another operator's asks for nothing", ported_out, {}, true, term_step::none},
      {"a state without its date asks for nothing", assigned, {}, true, term_step::none},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(due_step(row.state, row.dates, row.auto_renew, now), row.expected) << row.name;
  }
}

TEST(NumberTerm, CallsReachTheOwnerUntilGraceIsOver) {
  const term_policy policy{.grace = std::chrono::days{14}};
  struct row {
    const char* name;
    number_state state;
    number_dates dates;
    bool expected;
  };
  const std::vector<row> rows{
      {"paid", assigned, {.paid_until = future}, true},
      {"over, the periodic run is late", assigned, {.paid_until = now - 13 * 24h}, true},
      {"over for longer than grace", assigned, {.paid_until = now - 14 * 24h}, false},
      {"in grace", grace, {.grace_until = future}, true},
      {"grace over", grace, {.grace_until = now}, false},
      {"in stock", available, {}, false},
      {"reserved", reserved, {.reserved_until = future}, false},
      {"quarantined", quarantined, {.quarantined_until = future}, false},
      {"ported out", ported_out, {}, false},
      {"withdrawn", withdrawn, {}, false},
  };
  for (const auto& row : rows)
    EXPECT_EQ(term_valid(row.state, row.dates, policy, now), row.expected) << row.name;
}

TEST(NumberTerm, OnlyTheDrawnTransitionsAreAllowed) {
  const std::vector<number_state> all{available, reserved, assigned, grace, quarantined, ported_out, withdrawn};
  const std::vector<std::vector<number_state>> allowed{
      {reserved, assigned, ported_out, withdrawn},            // from available
      {reserved, assigned, available, withdrawn},             // from reserved
      {assigned, grace, quarantined, ported_out, withdrawn},  // from assigned
      {assigned, quarantined, ported_out, withdrawn},         // from grace
      {assigned, available, withdrawn},                       // from quarantined
      {},                                                     // from ported out
      {},                                                     // from withdrawn
  };
  for (std::size_t from = 0; from < all.size(); ++from) {
    for (auto to : all) {
      const bool expected = std::ranges::find(allowed[from], to) != allowed[from].end();
      EXPECT_EQ(may_follow(all[from], to), expected) << to_text(all[from]) << " to " << to_text(to);
    }
  }
}

TEST(NumberTerm, StateNamesRoundTrip) {
  for (auto state : {available, reserved, assigned, grace, quarantined, ported_out, withdrawn}) {
    EXPECT_EQ(parse_number_state(to_text(state)), state);
  }
  EXPECT_EQ(parse_number_state("Assigned"), std::nullopt);
  EXPECT_EQ(parse_number_state(""), std::nullopt);
}

}  // namespace
}  // namespace tollgate::voicemail
