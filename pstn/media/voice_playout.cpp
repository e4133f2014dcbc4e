// SPDX-License-Identifier: Apache-2.0
// The playing half of voice_receiver: decoding, concealing, and making the delay longer or shorter. Free of
// IO.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "pstn/media/voice_receiver.hpp"

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr nanoseconds early_tolerance = 500us;
constexpr nanoseconds stream_pause = 1s;       // nothing for so long: the stream has stopped, silence
constexpr nanoseconds excess_tolerated = 4ms;  // over a whole frame, before the delay is made shorter
constexpr nanoseconds excess_pressing = 60ms;  // from here on voice is merged as well
constexpr nanoseconds excess_absurd = 250ms;   // from here on packets are skipped
constexpr int merge_pause = 15;                // frames between two that are merged in voice
constexpr double quiet_power = 32.0 * 32.0;    // mean square of a frame that counts as silence
constexpr double quiet_ratio = 0.003;          // 25 dB below the voice
constexpr double power_decay = 0.999;          // per frame: 3 dB in 14 s
constexpr double loss_gain = 0.01;
constexpr int frames_per_second_most = 400;  // RFC 6716 §2.1.4: 2.5 ms
constexpr double pi = 3.14159265358979;

}  // namespace

std::size_t voice_receiver::frame_samples() const noexcept {
  return static_cast<std::size_t>(frame_units_ * rate_hz_ / clock_hz_);
}

std::int64_t voice_receiver::units_of(std::size_t samples) const noexcept {
  const std::int64_t units = static_cast<std::int64_t>(samples) * clock_hz_ / rate_hz_;
  return std::max<std::int64_t>(units, clock_hz_ / frames_per_second_most);
}

nanoseconds voice_receiver::sample_time(std::size_t samples) const noexcept {
  return nanoseconds(static_cast<std::int64_t>(samples) * 1'000'000'000 / rate_hz_);
}

// Where frames and pulls differ in length, a packet is needed before its own time: by so much at the worst.
nanoseconds voice_receiver::needed_early() const noexcept {
  return sample_time(pulled_ - std::gcd(pulled_, std::max<std::size_t>(frame_samples(), 1)));
}

// What is held goes first.
nanoseconds voice_receiver::delay_at(time_point at, std::int64_t timestamp) const noexcept {
  return at.time_since_epoch() + sample_time(held_.size()) - history_.base() - media_time(timestamp);
}

bool voice_receiver::ready(std::size_t samples) const noexcept {
  return state_ != state::playing || held_.size() >= samples || buffer_.first(next_sequence_) != nullptr;
}

void voice_receiver::pull(time_point at, std::span<std::int16_t> out) {
  pulled_ = std::max<std::size_t>(out.size(), 1);
  while (held_.size() < out.size())
    produce(at, out.size() - held_.size());
  const auto end = held_.begin() + static_cast<std::ptrdiff_t>(out.size());
  std::copy(held_.begin(), end, out.begin());
  held_.erase(held_.begin(), end);
}

void voice_receiver::produce(time_point at, std::size_t wanted) {
  if (state_ == state::waiting && at + early_tolerance >= begins_at_) state_ = state::playing;
  if (state_ != state::playing) return append_silence(wanted);
  const jitter_buffer::entry* packet = next_voice();
  if (packet == nullptr) return conceal_empty();
  if (packet->timestamp - next_timestamp_ > frame_units_ / 2) return bridge_gap(*packet, at);
  play(*packet, at);
}

const jitter_buffer::entry* voice_receiver::next_voice() noexcept {
  const jitter_buffer::entry* packet = buffer_.first(next_sequence_);
  while (packet != nullptr && !packet->voice) {
    next_sequence_ = packet->sequence + 1;
    buffer_.remove(packet->sequence);
    packet = buffer_.first(next_sequence_);
  }
  return packet;
}

std::size_t voice_receiver::decode(const jitter_buffer::entry& packet, std::span<std::int16_t> into) {
  const std::int64_t missing = packet.sequence - next_sequence_;
  loss_ += ((missing > 0 ? 1.0 : 0.0) - loss_) * loss_gain;
  const std::size_t count = decoder_->decode(packet.payload_type, packet.payload, into);
  buffer_.remove(packet.sequence);
  next_sequence_ = packet.sequence + 1;
  if (count == 0) {
    ++malformed_;
    next_timestamp_ = packet.timestamp + frame_units_;
    return 0;
  }
  next_timestamp_ = packet.timestamp + static_cast<std::int64_t>(count) * clock_hz_ / rate_hz_;
  frame_units_ = units_of(count);
  return count;
}

void voice_receiver::play(const jitter_buffer::entry& packet, time_point at) {
  delay_ = delay_at(at, packet.timestamp);
  // Frames that were made up while the buffer was dry, for packets that we now know to be lost.
  const std::int64_t lost = std::min<std::int64_t>(empty_run_, packet.sequence - next_sequence_);
  concealed_samples_ += static_cast<std::uint64_t>(std::max<std::int64_t>(lost, 0)) * frame_samples();
  empty_run_ = 0;
  const std::size_t count = decode(packet, scratch_);
  if (count == 0) {
    concealed_samples_ += frame_samples();
    return append_concealed();
  }
  const bool quiet = is_quiet(std::span(scratch_).first(count));
  const nanoseconds aim = target();
  ++since_merge_;
  if (delay_ - aim >= frame_time() + excess_absurd) {
    while (delay_ - aim >= frame_time() && next_voice() != nullptr) {
      decode(*next_voice(), second_);
      delay_ -= frame_time();
    }
  } else if (delay_ - aim >= frame_time() + excess_tolerated) {
    const bool pressing = delay_ - aim >= frame_time() + excess_pressing && since_merge_ >= merge_pause;
    if (quiet || pressing) merge_next(count);
  }
  append(std::span(scratch_).first(count));
  if (aim - delay_ >= frame_time() && quiet) {
    append_concealed();
    delay_ += frame_time();
  }
  correction_ = aim - delay_;
}

// Fades from the frame in scratch_ into the one after it: two frames of time become one.
void voice_receiver::merge_next(std::size_t count) {
  const jitter_buffer::entry* packet = next_voice();
  if (packet == nullptr || packet->sequence != next_sequence_ || packet->timestamp != next_timestamp_) return;
  if (decoder_->samples_in(packet->payload) != count || decode(*packet, second_) != count) return;
  for (std::size_t i = 0; i < count; ++i) {
    const double weight = 0.5 - 0.5 * std::cos(pi * static_cast<double>(i) / static_cast<double>(count));
    scratch_[i] = static_cast<std::int16_t>(std::lround(scratch_[i] * (1 - weight) + second_[i] * weight));
  }
  delay_ -= frame_time();
  since_merge_ = 0;
}

// The next packet is there, but its time is not: either packets before it are lost, or the far end was
// silent.
void voice_receiver::bridge_gap(const jitter_buffer::entry& packet, time_point at) {
  const std::int64_t missing = packet.sequence - next_sequence_;
  const std::int64_t gap_units = packet.timestamp - next_timestamp_;
  const std::size_t count = frame_samples();
  if (missing == 1 && gap_units <= frame_units_ * 3 / 2) {
    decoder_->recover(packet.payload, std::span(scratch_).first(count));
    append(std::span(scratch_).first(count));
  } else {
    append_concealed();
  }
  next_timestamp_ += frame_units_;
  if (missing > 0) {
    concealed_samples_ += count;
    return;
  }
  // A silence may be shortened or prolonged at will.
  const nanoseconds delay = delay_at(at, packet.timestamp) + media_time(gap_units);
  if (delay - target() >= frame_time() && gap_units >= 2 * frame_units_) next_timestamp_ += frame_units_;
  if (target() - delay >= frame_time()) next_timestamp_ -= frame_units_;
}

void voice_receiver::conceal_empty() {
  ++empty_run_;
  if (frame_time() * empty_run_ >= stream_pause) {
    state_ = state::idle;
    correction_ = 0ns;
    return append_silence(frame_samples());
  }
  append_concealed();
  next_timestamp_ += frame_units_;
}

std::size_t voice_receiver::drain(std::span<std::int16_t> out) {
  if (state_ == state::waiting) state_ = state::playing;
  while (state_ == state::playing && held_.size() < out.size()) {
    const jitter_buffer::entry* packet = next_voice();
    if (packet == nullptr) break;
    if (packet->timestamp - next_timestamp_ > frame_units_ / 2) {
      append_concealed();
      next_timestamp_ += frame_units_;
    } else if (const std::size_t count = decode(*packet, scratch_); count > 0) {
      append(std::span(scratch_).first(count));
    } else {
      append_concealed();
    }
  }
  const std::size_t count = std::min(held_.size(), out.size());
  std::copy_n(held_.begin(), count, out.begin());
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(count));
  if (count == 0) restart();
  return count;
}

void voice_receiver::append(std::span<const std::int16_t> samples) {
  held_.insert(held_.end(), samples.begin(), samples.end());
}

void voice_receiver::append_silence(std::size_t count) {
  held_.insert(held_.end(), count, 0);
}

void voice_receiver::append_concealed() {
  const std::size_t count = frame_samples();
  const std::size_t before = held_.size();
  held_.resize(before + count);
  decoder_->conceal(std::span(held_).subspan(before, count));
}

bool voice_receiver::is_quiet(std::span<const std::int16_t> samples) noexcept {
  double power = 0;
  for (const std::int16_t sample : samples)
    power += static_cast<double>(sample) * sample;
  power /= static_cast<double>(samples.size());
  speech_power_ = std::max(speech_power_ * power_decay, power);
  return power < std::max(quiet_power, speech_power_ * quiet_ratio);
}

}  // namespace tollgate::pstn::media
