// SPDX-License-Identifier: Apache-2.0
// When things happened in a call, relative to its beginning, so that a script can align recordings with it.
// Free of IO.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <optional>

namespace tollgate::gateway::peer {

struct call_timeline {
  using time_point = std::chrono::steady_clock::time_point;

  time_point begun_at{};  ///< offer sent, or offer received
  std::optional<time_point> ringing_at;
  std::optional<time_point> media_up_at;  ///< the recording begins here
  std::optional<time_point> answered_at;
  std::optional<time_point> playing_at;  ///< the file's first sample goes out with the next packet
  std::optional<time_point> ended_at;

  /// Time since the call began.
  std::chrono::milliseconds since_beginning(time_point at) const;

  /// Time from the answer (or, not answered, nothing) to the end or to `now`.
  std::chrono::milliseconds talk(time_point now) const;

  /// Members "ringing_ms", "media_up_ms", "answered_ms", "playing_ms", "ended_ms" since the beginning, and,
  /// where a recording can be aligned, "answer_in_recording_ms" and "play_in_recording_ms".
  boost::json::object to_json() const;
};

}  // namespace tollgate::gateway::peer
