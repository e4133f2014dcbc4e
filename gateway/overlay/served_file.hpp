// SPDX-License-Identifier: Apache-2.0
// Files that are served beside the WebSocket, to browsers that are to become devices.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

namespace tollgate::gateway::overlay {

/// A file of the subscriber's page, as long as the program runs.
struct served_file {
  std::string_view content_type, body;
};
/// What a GET of this request target is answered with; nothing: there is no such file.
using file_finder = std::function<std::optional<served_file>(std::string_view target)>;

}  // namespace tollgate::gateway::overlay
