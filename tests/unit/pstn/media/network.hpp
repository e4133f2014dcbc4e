// SPDX-License-Identifier: Apache-2.0
// Virtual time: links that delay, jitter, lose and reorder, and bridges that are driven from one packet or
// deadline to the next.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "pstn/media/bridge.hpp"

namespace tollgate::pstn::media::test {

struct link {
  double delay_ms = 5;
  double jitter_ms = 0;  // uniform, added to the delay; packets overtake each other
  double loss = 0;       // 0..1, random
  double duplicates = 0;
  std::function<double(double at_s)> more_ms = {};  // added delay as a function of time: stalls and steps
  std::function<bool(double at_s)> drops = {};      // loss as a function of time
};

// For link::drops: loss in bursts (Gilbert-Elliott: all is lost in the bad state), a share of `loss` in all,
// bursts of `length` packets on average.
std::function<bool(double)> bursts(double loss, double length, unsigned seed);
// For link::more_ms: a share of the packets comes later by so much, and so behind others.
std::function<double(double)> now_and_then(double share, double by_ms, unsigned seed);

class world {
 public:
  explicit world(unsigned seed = 1) : random_(seed) {}

  time_point now() const { return now_; }
  double seconds() const { return std::chrono::duration<double>(now_ - start_).count(); }
  void add(bridge& driven) { bridges_.push_back(&driven); }
  // Runs `what` at a time; also how packets arrive.
  void at(time_point when, std::function<void()> what) { queue_.push({when, order_++, std::move(what)}); }
  void after(double more_s, std::function<void()> what) { at(now_ + to_duration(more_s), std::move(what)); }
  // A sink whose packets reach `to` as RTP or RTCP through the link.
  packet_sink connect(link through, bridge& to, side as, bool rtcp);
  void run(double for_s);

  static time_point::duration to_duration(double s) {
    return std::chrono::duration_cast<time_point::duration>(std::chrono::duration<double>(s));
  }

 private:
  struct item {
    time_point when;
    std::uint64_t order;
    std::function<void()> what;
    bool operator>(const item& other) const {
      return when != other.when ? when > other.when : order > other.order;
    }
  };
  std::mt19937 random_;
  time_point start_{std::chrono::hours(1)};
  time_point now_ = start_;
  std::uint64_t order_ = 0;
  std::priority_queue<item, std::vector<item>, std::greater<>> queue_;
  std::vector<bridge*> bridges_;
};

// Remembers what it was told.
struct listener final : bridge_observer {
  void digit_received(side, char digit, std::chrono::milliseconds duration) override {
    digits += digit;
    durations.push_back(duration);
  }
  void playback_finished(side) override { ++finished; }
  std::string digits;
  std::vector<std::chrono::milliseconds> durations;
  int finished = 0;
};

struct memory_sink final : audio_sink {
  void write(std::span<const std::int16_t> frame, int at_hz) override {
    samples.insert(samples.end(), frame.begin(), frame.end());
    rate_hz = at_hz;
  }
  std::vector<std::int16_t> samples;
  int rate_hz = 0;
};

leg_parameters make_leg(codec_id codec, bool with_events = true);

}  // namespace tollgate::pstn::media::test
