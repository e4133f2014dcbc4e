// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/access.hpp"

#include <algorithm>
#include <array>

namespace tollgate::gateway::api {
namespace {

constexpr std::array roles{role::admin,   role::auditor, role::rates,     role::numbers,
                           role::support, role::carrier, role::subscriber};

}  // namespace

std::span<const role> all_roles() {
  return roles;
}

std::string_view to_string(role value) {
  switch (value) {
    case role::admin:
      return "admin";
    case role::auditor:
      return "auditor";
    case role::rates:
      return "rates";
    case role::numbers:
      return "numbers";
    case role::support:
      return "support";
    case role::carrier:
      return "carrier";
    case role::subscriber:
      return "subscriber";
  }
  return "";
}

std::optional<role> parse_role(std::string_view text) {
  const auto found =
      std::find_if(roles.begin(), roles.end(), [&](role each) { return to_string(each) == text; });
  return found == roles.end() ? std::nullopt : std::optional(*found);
}

bool is_allowed(const access& who, role as) {
  return who.open || as == role::admin || who.roles.contains(as);
}

}  // namespace tollgate::gateway::api
