// SPDX-License-Identifier: Apache-2.0
// DTMF in the body of an INFO: application/dtmf-relay ("Signal=5", "Duration=160") and application/dtmf
// ("5"). No RFC specifies them; this is what gateways send. Free of IO.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tollgate::pstn::sip {

struct dtmf_signal {
  char digit = 0;                        ///< 0–9 * # A–D
  std::chrono::milliseconds duration{};  ///< 1 ms to 10 s
};

/// Reads a body of the given content type; nothing when it is of another type or makes no sense. A missing
/// duration is 160 ms.
std::optional<dtmf_signal> parse_dtmf_info(std::string_view content_type, std::string_view body);

/// The body of type application/dtmf-relay.
std::string print_dtmf_info(const dtmf_signal& signal);

}  // namespace tollgate::pstn::sip
