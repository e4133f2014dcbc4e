// SPDX-License-Identifier: Apache-2.0
// What arrives and when it is to be played. Decoding and concealing are in voice_playout.cpp. Free of IO.
#include "pstn/media/voice_receiver.hpp"

#include <algorithm>
#include <utility>

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr nanoseconds target_least = 10ms;
constexpr nanoseconds transit_jump = 2s;       // timestamps that leave the arrivals by this much begin anew
constexpr nanoseconds deficit_noticed = 7ms;   // delay that is missing, before a late packet may prolong it
constexpr int late_run_max = 5;                // packets: the way has become longer for good
constexpr int silence_run = 25;                // concealed frames after which nobody misses the old timing
constexpr int late_lately = 100;               // frames
constexpr std::int64_t reorder_at_first = 16;  // packets
constexpr int past_per_second = 25;            // 40 ms: as much as can be repeated

std::size_t longest_frame(int rate_hz) {
  return static_cast<std::size_t>(rate_hz) * static_cast<std::size_t>(frame_max.count()) / 1000;
}

}  // namespace

voice_receiver::voice_receiver(const codec_description& codec, std::unique_ptr<decoder> made, int rate_hz)
    : clock_hz_(codec.rtp_clock_hz), rate_hz_(rate_hz), frame_units_(codec.rtp_clock_hz / 50) {
  set_decoder(std::move(made), rate_hz);
}

void voice_receiver::set_decoder(std::unique_ptr<decoder> made, int rate_hz) {
  concealed_before_ = concealed();
  recovered_before_ = recovered();
  concealed_samples_ = recovered_samples_ = 0;
  decoder_ = std::move(made);
  rate_hz_ = rate_hz;
  scratch_.resize(longest_frame(rate_hz));
  second_.resize(2 * longest_frame(rate_hz));
  past_.assign(static_cast<std::size_t>(rate_hz) / past_per_second, 0);
  pulled_ = static_cast<std::size_t>(rate_hz) / 50;
  held_.clear();
  held_.reserve(4 * longest_frame(rate_hz));
}

void voice_receiver::restart() noexcept {
  buffer_.clear();
  history_.restart();
  state_ = state::idle;
  last_timestamp_.reset();
  late_run_ = empty_run_ = 0;
  correction_ = 0ns;
  background_.forget();
  noise_told_ = false;
  noise_.forget();
}

std::int64_t voice_receiver::extend(std::uint32_t timestamp) noexcept {
  if (!last_timestamp_) {
    // One cycle up, so that an earlier packet stays positive.
    last_timestamp_ = (std::int64_t{1} << 32) + timestamp;
  } else {
    last_timestamp_ = *last_timestamp_ +
                      static_cast<std::int32_t>(timestamp - static_cast<std::uint32_t>(*last_timestamp_));
  }
  return *last_timestamp_;
}

nanoseconds voice_receiver::media_time(std::int64_t units) const noexcept {
  constexpr std::int64_t second = 1'000'000'000;
  return nanoseconds(units / clock_hz_ * second + units % clock_hz_ * second / clock_hz_);
}

nanoseconds voice_receiver::target() const noexcept {
  // In-band FEC is in the packet after the lost one: while packets get lost it is worth waiting for.
  return history_.target(target_least) + (fec_seen_ && lossy_ ? frame_time() : 0ns) + needed_early();
}

void voice_receiver::begin(std::int64_t sequence, std::int64_t timestamp, time_point arrived_at) {
  state_ = state::waiting;
  next_sequence_ = sequence;
  next_timestamp_ = timestamp;
  empty_run_ = late_run_ = 0;
  correction_ = 0ns;
  const auto base =
      std::chrono::duration_cast<time_point::duration>(history_.base() + media_time(timestamp) + target());
  begins_at_ = std::max(time_point(base), arrived_at);
}

voice_receiver::outcome voice_receiver::put(std::int64_t sequence, std::uint32_t timestamp,
                                            std::uint8_t payload_type, std::span<const std::byte> payload,
                                            time_point arrived_at) {
  std::int64_t extended = extend(timestamp);
  nanoseconds transit = arrived_at.time_since_epoch() - media_time(extended);
  const bool jumped = !history_.empty() &&
                      (transit > history_.base() + transit_jump || transit < history_.base() - transit_jump);
  const bool overflowed = state_ != state::idle && sequence >= next_sequence_ + jitter_buffer::capacity;
  if (jumped || overflowed) {
    restart();
    extended = extend(timestamp);
    transit = arrived_at.time_since_epoch() - media_time(extended);
  }
  if (state_ == state::playing && sequence < next_sequence_) {
    const bool copy = !buffer_.put(sequence, extended, payload_type, true, {});
    buffer_.remove(sequence);
    if (copy) return outcome::duplicate;
    history_.take(transit);
    note_late();
    return outcome::late;
  }
  if (!buffer_.put(sequence, extended, payload_type, true, payload)) return outcome::duplicate;
  history_.take(transit);
  switch (state_) {
    case state::idle:
      begin(sequence, extended, arrived_at);
      break;
    case state::waiting:
      if (sequence < next_sequence_ && next_sequence_ - sequence <= reorder_at_first) {
        next_sequence_ = sequence;
        next_timestamp_ = extended;
      }
      break;
    case state::playing:
      if (extended + frame_units_ / 2 < next_timestamp_)
        return judge_late(sequence, extended, transit, arrived_at);
      late_run_ = 0;
      break;
  }
  return outcome::taken;
}

// The time of this packet has passed, and no later packet was played since.
voice_receiver::outcome voice_receiver::judge_late(std::int64_t sequence, std::int64_t timestamp,
                                                   nanoseconds transit, time_point arrived_at) {
  note_late();
  const nanoseconds behind = media_time(next_timestamp_ - timestamp);
  const nanoseconds wanted = target() - delay_;
  const bool delay_should_grow = wanted >= deficit_noticed && behind <= wanted + frame_time();
  if (delay_should_grow || empty_run_ >= silence_run) {
    next_timestamp_ = timestamp;
    late_run_ = 0;
    return outcome::taken;
  }
  if (++late_run_ >= late_run_max) {
    history_.restart();
    history_.take(transit);
    begin(sequence, timestamp, arrived_at);
    return outcome::taken;
  }
  buffer_.remove(sequence);
  next_sequence_ = std::max(next_sequence_, sequence + 1);
  count_concealed(1);
  return outcome::late;
}

// What was held up and comes in one go is late once.
void voice_receiver::note_late() noexcept {
  if (since_late_ > 0) since_late_before_ = since_late_;
  since_late_ = 0;
}

// Not for once: jitter has grown.
bool voice_receiver::late_again() const noexcept {
  return since_late_before_ <= late_lately;
}

void voice_receiver::put_other(std::int64_t sequence) {
  if (state_ == state::idle || sequence < next_sequence_ ||
      sequence >= next_sequence_ + jitter_buffer::capacity)
    return;
  buffer_.put(sequence, next_timestamp_, 0, false, {});
}

void voice_receiver::put_comfort_noise(std::int64_t sequence, std::span<const std::byte> payload) {
  if (state_ == state::idle) {
    // Nothing waits to be played before it.
    noise_told_ = noise_.take(payload);
    return;
  }
  if (sequence < next_sequence_ || sequence >= next_sequence_ + jitter_buffer::capacity) return;
  buffer_.put(sequence, next_timestamp_, 0, false, payload);
}

std::optional<time_point> voice_receiver::begins_at() const noexcept {
  if (state_ != state::waiting) return std::nullopt;
  return begins_at_;
}

std::optional<std::int64_t> voice_receiver::media_position() const noexcept {
  if (state_ != state::playing) return std::nullopt;
  return next_timestamp_ * rate_hz_ / clock_hz_ - static_cast<std::int64_t>(held_.size());
}

std::chrono::milliseconds voice_receiver::concealed() const noexcept {
  return concealed_before_ +
         std::chrono::milliseconds(concealed_samples_ * 1000 / static_cast<unsigned>(rate_hz_));
}

std::chrono::milliseconds voice_receiver::recovered() const noexcept {
  return recovered_before_ +
         std::chrono::milliseconds(recovered_samples_ * 1000 / static_cast<unsigned>(rate_hz_));
}

double voice_receiver::share_concealed() const noexcept {
  const auto all = static_cast<double>(played_packets_ + concealed_packets_);
  return all > 0 ? static_cast<double>(concealed_packets_) / all : 0;
}

double voice_receiver::burst_ratio() const noexcept {
  if (concealed_runs_ == 0) return 1;
  const double mean = static_cast<double>(concealed_packets_) / static_cast<double>(concealed_runs_);
  return std::max(1.0, mean * (1 - share_concealed()));
}

}  // namespace tollgate::pstn::media
