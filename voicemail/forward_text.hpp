// SPDX-License-Identifier: Apache-2.0
// Telephones that calls go on to, as people and programs write them: "+442079460958 busy,no_answer 20". Free of IO.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "voicemail/inbound_rules.hpp"

namespace tollgate::voicemail {

// Number, situations (busy, no_answer, offline, always), seconds of ringing.
std::string to_text(const forward_target& target);
// Without the seconds it rings for 20. Nothing where it is written in another way.
std::optional<forward_target> parse_forward_target(std::string_view text);

}  // namespace tollgate::voicemail
