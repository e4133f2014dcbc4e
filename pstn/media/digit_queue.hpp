// SPDX-License-Identifier: Apache-2.0
// Digits on their way to a far end, a step for each packet interval: whole ones, and such as are still being
// pressed at the other side. Free of IO.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

namespace tollgate::pstn::media {

class digit_queue {
 public:
  // `interval` is the leg's ptime.
  explicit digit_queue(std::chrono::milliseconds interval) : interval_(interval) {}

  // Digits of which everything is known. `duration` is held to 40..10,000 ms; ',' is a second of pause; other
  // characters are skipped. At most 64 wait.
  void push(std::string_view digits, std::chrono::milliseconds duration);

  // A digit that lasts: it goes out from now on (or after those that wait) and for as long as it is told to
  // last. What is written of it is never longer than what was told, and its end has exactly the duration of
  // finish(). One that is not heard of for open_longest_silence ends by itself; only one at a time is open.
  void begin(char digit, std::chrono::milliseconds so_far);
  void extend(std::chrono::milliseconds so_far) noexcept;
  void finish(std::chrono::milliseconds duration) noexcept;

  bool empty() const noexcept { return waiting_.empty() && !current_; }

  enum class action : std::uint8_t { voice, silence, event };
  struct step {
    action what = action::voice;
    char digit = 0;
    bool first = false;                    // of the event: marker bit, timestamp is now
    bool end = false;                      // E bit; given three times (RFC 4733 §2.5.1.4)
    bool repeated = false;                 // the second and third end
    std::chrono::milliseconds elapsed{0};  // duration to write
    std::chrono::milliseconds played{0};   // by our own clock, at the end of this interval
  };
  // What goes out in the interval that begins now.
  step next();

 private:
  struct item {
    char digit = 0;
    std::chrono::milliseconds duration{0};  // while it is open: so far
    bool open = false;
    bool relayed = false;
  };
  item* open_item() noexcept;
  step pause();
  bool begin_next();

  std::chrono::milliseconds interval_;
  std::deque<item> waiting_;
  std::optional<item> current_;
  std::chrono::milliseconds played_{0};
  std::chrono::milliseconds unheard_{0};  // since the open digit was last told of
  int ends_sent_ = 0;
  std::chrono::milliseconds pause_{0};
};

}  // namespace tollgate::pstn::media
