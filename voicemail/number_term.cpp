// SPDX-License-Identifier: Apache-2.0
// States of a rented number and what its dates ask for.
#include "voicemail/number_term.hpp"

namespace tollgate::voicemail {
namespace {

bool reached(const std::optional<system_clock::time_point>& date, system_clock::time_point now) noexcept {
  return date && *date <= now;
}

}  // namespace

std::string_view to_text(number_state state) noexcept {
  switch (state) {
    case number_state::available:
      return "available";
    case number_state::reserved:
      return "reserved";
    case number_state::assigned:
      return "assigned";
    case number_state::grace:
      return "grace";
    case number_state::quarantined:
      return "quarantined";
    case number_state::ported_out:
      return "ported_out";
    case number_state::withdrawn:
      return "withdrawn";
  }
  return "unknown";
}

std::optional<number_state> parse_number_state(std::string_view text) noexcept {
  for (auto state : {number_state::available, number_state::reserved, number_state::assigned,
                     number_state::grace, number_state::quarantined, number_state::ported_out,
                     number_state::withdrawn}) {
    if (to_text(state) == text) return state;
  }
  return std::nullopt;
}

bool may_follow(number_state from, number_state to) noexcept {
  using enum number_state;
  switch (from) {
    case available:
      return to == reserved || to == assigned || to == ported_out || to == withdrawn;
    case reserved:
      return to == reserved || to == assigned || to == available || to == withdrawn;
    case assigned:
      return to == assigned || to == grace || to == quarantined || to == ported_out || to == withdrawn;
    case grace:
      return to == assigned || to == quarantined || to == ported_out || to == withdrawn;
    case quarantined:
      return to == assigned || to == available || to == withdrawn;
    case ported_out:
    case withdrawn:
      return false;
  }
  return false;
}

term_step due_step(number_state state, const number_dates& dates, bool auto_renew,
                   system_clock::time_point now) noexcept {
  switch (state) {
    case number_state::reserved:
      return reached(dates.reserved_until, now) ? term_step::free_reservation : term_step::none;
    case number_state::assigned:
      if (!reached(dates.paid_until, now)) return term_step::none;
      return auto_renew ? term_step::renew : term_step::enter_grace;
    case number_state::grace:
      return reached(dates.grace_until, now) ? term_step::quarantine : term_step::none;
    case number_state::quarantined:
      return reached(dates.quarantined_until, now) ? term_step::return_to_stock : term_step::none;
    case number_state::available:
    case number_state::ported_out:
    case number_state::withdrawn:
      return term_step::none;
  }
  return term_step::none;
}

bool term_valid(number_state state, const number_dates& dates, const term_policy& policy,
                system_clock::time_point now) noexcept {
  if (state == number_state::grace) return dates.grace_until && now < *dates.grace_until;
  if (state == number_state::assigned) return dates.paid_until && now < *dates.paid_until + policy.grace;
  return false;
}

}  // namespace tollgate::voicemail
