// SPDX-License-Identifier: Apache-2.0
// With what tollgate-peer ends; --help prints the same table, so a script can rely on it.
#pragma once

#include <cstdint>
#include <string_view>

namespace tollgate::gateway::peer {

enum class exit_code : std::uint8_t {
  ok = 0,               ///< done
  usage = 1,            ///< wrong options, a file that cannot be read or written
  cannot_connect = 2,   ///< the gateway cannot be reached, is not trusted, or broke off
  login_refused = 3,    ///< pass-phrase, credential or device refused, or not logged in
  call_refused = 4,     ///< the request or call was refused, not answered, or failed
  credit_exhausted = 5  ///< the call was cut off because the credit ended
};

inline constexpr std::string_view exit_code_help =
    "Exit codes:\n"
    "  0  done\n"
    "  1  wrong options, or a file that cannot be read or written\n"
    "  2  the gateway cannot be reached or is not trusted\n"
    "  3  log-in refused, or not logged in\n"
    "  4  the call or request was refused, not answered, or failed\n"
    "  5  the call was cut off because the credit ended\n";

}  // namespace tollgate::gateway::peer
