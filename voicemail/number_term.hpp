// SPDX-License-Identifier: Apache-2.0
// The life of a rented number: available → reserved → assigned → grace → quarantined → available, or ported
// out, or withdrawn by the supplier. Pure: the states, what may follow what, and what a number's dates ask for at a given instant. Free of
// IO and of clocks.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace tollgate::voicemail {

using std::chrono::system_clock;

enum class number_state {
  available,    // in stock
  reserved,     // kept for one account while it orders
  assigned,     // rented and paid
  grace,        // the term has run out unpaid: calls still arrive, the owner can still pay
  quarantined,  // given up: rings nowhere, held back for its former owner, then goes back to stock
  ported_out,   // left for another operator; final
  withdrawn,    // taken back by its supplier; final
};

std::string_view to_text(number_state state) noexcept;
std::optional<number_state> parse_number_state(std::string_view text) noexcept;

// Whether the life of a number allows `to` directly after `from`.
bool may_follow(number_state from, number_state to) noexcept;

// How long the stages last that nobody pays for.
struct term_policy {
  std::chrono::days grace{14};
  std::chrono::days quarantine{90};
};

// The dates of one number; those which its state does not use are empty.
struct number_dates {
  std::optional<system_clock::time_point> reserved_until{};
  std::optional<system_clock::time_point> paid_until{};
  std::optional<system_clock::time_point> grace_until{};
  std::optional<system_clock::time_point> quarantined_until{};
};

enum class term_step {
  none,
  free_reservation,  // the order never came: back to stock
  renew,  // the term is over and auto-renewal is on: charge the next one, grace if credit does not suffice
  enter_grace,      // the term is over and auto-renewal is off
  quarantine,       // grace is over
  return_to_stock,  // quarantine is over
};

// The one step due at `now`; taken, another may be due at once.
term_step due_step(number_state state, const number_dates& dates, bool auto_renew,
                   system_clock::time_point now) noexcept;

// Whether calls to the number reach its owner: the term is paid at `now`, or its grace has not run out. What
// the dates say decides, so that a late periodic run neither cuts a paying owner off nor keeps a lapsed one.
bool term_valid(number_state state, const number_dates& dates, const term_policy& policy,
                system_clock::time_point now) noexcept;

}  // namespace tollgate::voicemail
