// SPDX-License-Identifier: Apache-2.0
// The subscriber's page: files of subscriber/, compiled into the program. It is a device of the overlay
// protocol like any other (gateway/overlay/wire.md), and knows nothing that other devices do not.
#pragma once

#include <span>
#include <string_view>

namespace tollgate::gateway::web {

struct file {
  std::string_view path;  ///< "/", "/call.js"
  std::string_view content_type;
  std::string_view body;
};

std::span<const file> files();

/// The file of a request target, whose query is passed over; nullptr: there is none.
const file* find_file(std::string_view target);

}  // namespace tollgate::gateway::web
