// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/refusal.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace tollgate::gateway::peer {

namespace {

using overlay::overlay_error;

constexpr std::array connection_errors{
    overlay_error::address_invalid,   overlay_error::connection_failed, overlay_error::tls_failed,
    overlay_error::connection_closed, overlay_error::deadline_passed,   overlay_error::protocol_violated,
};

constexpr std::array<std::string_view, 6> login_codes{
    "credential_expired",  "credential_foreign", "wrong_passphrase", "locked",
    "token_bad_signature", "not_attached",
};

}  // namespace

exit_code exit_code_of(const overlay::refusal& why, exit_code otherwise) {
  const bool connection = std::ranges::any_of(
      connection_errors, [&](overlay_error error) { return why.code == overlay::to_code(error); });
  if (connection) return exit_code::cannot_connect;
  return std::ranges::find(login_codes, why.code) == login_codes.end() ? otherwise : exit_code::login_refused;
}

exit_code report_refusal(output& out, const overlay::refusal& why, exit_code otherwise) {
  const exit_code code = exit_code_of(why, otherwise);
  out.report("refused", {{"code", why.code}, {"text", why.text}, {"exit_code", static_cast<int>(code)}},
             why.text.empty() ? why.code : why.text);
  return code;
}

}  // namespace tollgate::gateway::peer
