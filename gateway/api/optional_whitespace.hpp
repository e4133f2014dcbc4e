// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: what may stand around a value in a header (OWS, RFC 9110 §5.6.3).
#pragma once

#include <string_view>

namespace tollgate::gateway::api {

/// The value without it.
inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

}  // namespace tollgate::gateway::api
