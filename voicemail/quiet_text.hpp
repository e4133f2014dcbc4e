// SPDX-License-Identifier: Apache-2.0
// Quiet periods as text, as the API and devices have them. Free of IO.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "voicemail/inbound_rules.hpp"

namespace tollgate::voicemail {

// "mon,tue 22:00-07:00": the days on which it begins, and the time of the day.
std::string to_text(const quiet_period& period);
std::optional<quiet_period> parse_quiet_period(std::string_view text);

}  // namespace tollgate::voicemail
