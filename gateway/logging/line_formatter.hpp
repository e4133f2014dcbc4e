// SPDX-License-Identifier: Apache-2.0
// How a line of the log is written: logfmt, or a JSON object. Both have one line an event and no control character.
#pragma once

#include <cstdint>
#include <memory>

#include <spdlog/formatter.h>

namespace tollgate::gateway::logging {

enum class line_format : std::uint8_t { logfmt, json };

/// Each line has `time` (RFC 3339, UTC, milliseconds), `level`, and the pairs of the message (line.hpp), of which each key
/// is told once: the first. A message that is no sequence of pairs is told whole as `text` of event=unstructured.
class line_formatter final : public spdlog::formatter {
 public:
  explicit line_formatter(line_format format) : format_(format) {}
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override;
  std::unique_ptr<spdlog::formatter> clone() const override;

 private:
  line_format format_;
};

}  // namespace tollgate::gateway::logging
