// SPDX-License-Identifier: Apache-2.0
// From what a person types to a number that may be called: reading of national and international forms, and
// the policy of what is never carried (emergency) or shut until opened (premium rate, ...). Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/number/dial_error.hpp"
#include "pstn/number/numbering_plan.hpp"
#include "pstn/number/phone_number.hpp"

namespace tollgate::pstn::number {

/// Prefixes (digits, country code first) known for toll fraud and hardly for conversation; what a new policy
/// shuts.
std::vector<std::string> default_high_risk_prefixes();

/// What a gateway, or one account, may call. Emergency numbers and short codes cannot be opened.
struct dial_policy {
  bool premium_rate = false;
  bool shared_cost = false;
  bool satellite = false;
  bool high_risk = false;  // high_risk_prefixes, personal numbers and pagers
  bool unlisted = false;   // numbers of possible length in no listed range (newer than the data)
  std::vector<std::string> high_risk_prefixes = default_high_risk_prefixes();  // unless `high_risk`
  std::vector<std::string>
      open_prefixes;  // exceptions to all of the others: the longer prefix wins over a high-risk or shut one
  std::vector<std::string> shut_prefixes;   // never
  std::vector<std::string> countries;       // ISO codes; if there are any: no others
  std::vector<std::string> shut_countries;  // none of these
};

/// What one account may call, where it differs from the gateway's policy; nothing: does not differ.
struct account_dial_policy {
  std::optional<bool> premium_rate{}, shared_cost{}, satellite{}, high_risk{};
  std::vector<std::string> open_prefixes{}, shut_prefixes{};  // in addition
  std::vector<std::string> countries{};                       // if there are any: instead
  std::vector<std::string> shut_countries{};                  // in addition
};

/// The policy for one account.
dial_policy merged(dial_policy all, const account_dial_policy& own);

enum class plan_check : std::uint8_t {
  listed,    // only numbers in a listed range of their plan
  possible,  // also those of possible length that fit no range (type unknown)
};

struct dialled_number {
  phone_number number;
  std::string region;  // as number_class::region
  number_type type;
};

/// Reads "+44 20 7946 0958", "+44 (0)20 7946 0958", "0044...", "011 44 ..." (the region's own international
/// prefix), the national form of `region` with or without trunk prefix, and "tel:" URIs (RFC 3966, with
/// phone-context). Separators of all usual kinds are skipped. `region` is the caller's ISO code; empty or
/// unknown: only international forms are understood. No policy: the number is in its country's plan, nothing
/// more. Errors: all but those of the policy.
boost::system::result<dialled_number> read_number(std::string_view text, std::string_view region,
                                                  plan_check check = plan_check::listed);

/// "112", "999", ...: the digits, if the text is an emergency number where it is dialled (as read_number, and
/// numbering_plan.hpp's is_emergency); nothing for any other text, and for another country's ("+44 999").
std::optional<std::string> dialled_emergency(std::string_view text, std::string_view region);

/// The policy alone, for a number already read. Errors: premium_rate, shared_cost, satellite, high_risk,
/// barred.
boost::system::result<void> permit(const dialled_number& number, const dial_policy& policy);

/// read_number, then permit: what a call request goes through. Errors: any dial_error.
boost::system::result<dialled_number> interpret(std::string_view text, std::string_view region,
                                                const dial_policy& policy);

}  // namespace tollgate::pstn::number
