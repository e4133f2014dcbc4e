// SPDX-License-Identifier: Apache-2.0
#include "gateway/web/file.hpp"

namespace tollgate::gateway::web {

const file* find_file(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  for (const file& each : files())
    if (each.path == path) return &each;
  return nullptr;
}

}  // namespace tollgate::gateway::web
