// SPDX-License-Identifier: Apache-2.0
// How a trunk's calls of late went: answer-seizure ratio, average call duration (ITU-T E.425: a call that its
// caller gave up is a seizure, too) and post-dial delay (ITU-T E.431) over a sliding window. Free of IO: the
// time is an argument.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

#include "pstn/trunk/health.hpp"

namespace tollgate::pstn::trunk {

struct quality_options {
  std::chrono::seconds window{900};
  int least_attempts = 20;  // fewer of them tell nothing
};

/// Over the window. Only what is `known` may be compared.
struct quality_figures {
  int attempts = 0;
  int answered = 0;
  std::optional<std::chrono::milliseconds> post_dial_delay{};  // mean of those attempts that had one
  std::optional<std::chrono::milliseconds> call_duration{};    // mean of the answered calls that ended in it
  bool known = false;                                          // enough attempts

  /// 0 to 1; 1 while there was no attempt.
  double answer_seizure_ratio() const {
    return attempts == 0 ? 1.0 : static_cast<double>(answered) / attempts;
  }
};

class call_quality {
 public:
  explicit call_quality(quality_options options = {}) : options_(options) {}

  /// One attempt that was answered, failed or was given up; `post_dial_delay`: from INVITE to the first 18x
  /// or 2xx.
  void note(bool answered, std::optional<std::chrono::milliseconds> post_dial_delay, time_point now);

  /// An answered call has ended after so much talk.
  void note_talk(std::chrono::milliseconds talk, time_point now);

  quality_figures figures(time_point now) const;

 private:
  struct attempt {
    time_point at;
    bool answered;
    std::optional<std::chrono::milliseconds> post_dial_delay;
  };
  struct call {
    time_point ended_at;
    std::chrono::milliseconds talk;
  };
  static constexpr std::size_t most_attempts = 1'000;  // the latest ones tell enough

  quality_options options_;
  std::deque<attempt> attempts_;  // in the order of time
  std::deque<call> calls_;        // as well
};

}  // namespace tollgate::pstn::trunk
