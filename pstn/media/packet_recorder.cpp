// SPDX-License-Identifier: Apache-2.0
// Recording by sequence number and timestamp. Free of IO.
#include "pstn/media/packet_recorder.hpp"

#include <algorithm>
#include <utility>

namespace tollgate::pstn::media {
namespace {

constexpr int concealed_most = 3;  // frames, before noise takes the place of the concealment

}  // namespace

packet_recorder::packet_recorder(std::shared_ptr<audio_sink> sink)
    : sink_(std::move(sink)),
      scratch_(static_cast<std::size_t>(rate_hz_) * static_cast<std::size_t>(frame_max.count()) / 1000) {}

void packet_recorder::set_decoder(const codec_description& codec, std::unique_ptr<decoder> made,
                                  int rate_hz) {
  finish();
  if (clock_hz_ != codec.rtp_clock_hz) restart();
  made_up_ = made_up_ * rate_hz / rate_hz_;
  frame_samples_ = static_cast<std::size_t>(rate_hz) / 50;
  decoder_ = std::move(made);
  clock_hz_ = codec.rtp_clock_hz;
  rate_hz_ = rate_hz;
  scratch_.resize(static_cast<std::size_t>(rate_hz) * static_cast<std::size_t>(frame_max.count()) / 1000);
}

void packet_recorder::restart() {
  finish();
  buffer_.clear();
  next_sequence_.reset();
  next_timestamp_.reset();
  last_timestamp_.reset();
  background_.forget();
  noise_told_ = false;
}

std::int64_t packet_recorder::samples_in(time_point::duration time) const noexcept {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count() * rate_hz_ / 1'000'000;
}

std::int64_t packet_recorder::extend(std::uint32_t timestamp) noexcept {
  // One cycle up, so that an earlier packet stays positive.
  const std::int64_t last = last_timestamp_.value_or((std::int64_t{1} << 32) + timestamp);
  last_timestamp_ = last + static_cast<std::int32_t>(timestamp - static_cast<std::uint32_t>(last));
  return *last_timestamp_;
}

void packet_recorder::put(std::int64_t sequence, std::uint32_t timestamp, std::uint8_t payload_type,
                          std::span<const std::byte> payload, time_point arrived_at) {
  enter(sequence, extend(timestamp), payload_type, true, payload, arrived_at);
}

void packet_recorder::put_other(std::int64_t sequence, time_point arrived_at) {
  enter(sequence, 0, 0, false, {}, arrived_at);
}

void packet_recorder::put_comfort_noise(std::int64_t sequence, std::span<const std::byte> payload,
                                        time_point arrived_at) {
  enter(sequence, 0, 0, false, payload, arrived_at);
}

void packet_recorder::enter(std::int64_t sequence, std::int64_t timestamp, std::uint8_t payload_type,
                            bool voice, std::span<const std::byte> payload, time_point arrived_at) {
  if (!heard_at_) heard_at_ = arrived_at;
  if (!decoder_) return;
  if (!next_sequence_) next_sequence_ = sequence;
  if (sequence < *next_sequence_) return;  // a copy, or given up
  while (sequence >= *next_sequence_ + jitter_buffer::capacity) {
    const jitter_buffer::entry* first = buffer_.first(*next_sequence_);
    if (first == nullptr) {
      next_sequence_ = sequence;
    } else {
      play(*first);
    }
  }
  if (!buffer_.put(sequence, timestamp, payload_type, voice, payload)) return;
  arrivals_[static_cast<std::size_t>(sequence % jitter_buffer::capacity)] = arrived_at;
  play_ready(arrived_at);
}

void packet_recorder::play_ready(time_point now) {
  if (!next_sequence_) return;
  while (const jitter_buffer::entry* first = buffer_.first(*next_sequence_)) {
    const time_point arrived_at =
        arrivals_[static_cast<std::size_t>(first->sequence % jitter_buffer::capacity)];
    if (first->sequence != *next_sequence_ && now - arrived_at < patience) return;
    play(*first);
  }
}

void packet_recorder::play(const jitter_buffer::entry& packet) {
  const bool lost = packet.sequence != *next_sequence_;
  next_sequence_ = packet.sequence + 1;
  buffer_.remove(packet.sequence);
  const time_point arrived_at =
      arrivals_[static_cast<std::size_t>(packet.sequence % jitter_buffer::capacity)];
  if (packet.voice) return play_voice(packet, lost, arrived_at);
  if (!packet.payload.empty()) noise_told_ = noise_.take(packet.payload);
}

void packet_recorder::play_voice(const jitter_buffer::entry& packet, bool lost, time_point arrived_at) {
  const std::int64_t gap = gap_before(packet.timestamp, arrived_at);
  const auto half = static_cast<std::int64_t>(frame_samples_ / 2);
  // Less than half a frame is no gap but timestamps that are not exact: it adds up until it is one.
  const bool goes_on = next_timestamp_ && made_up_ == 0 && gap > -half && gap < half;
  if (!goes_on) {
    if (lost)
      conceal(gap, packet.payload);
    else
      make_noise(gap);
    next_timestamp_ = packet.timestamp;
  }
  made_up_ = 0;
  heard_at_ = std::max(*heard_at_, arrived_at);
  const std::size_t count = decoder_->decode(packet.payload_type, packet.payload, scratch_);
  *next_timestamp_ += static_cast<std::int64_t>(count) * clock_hz_ / rate_hz_;
  if (count == 0) return;  // malformed: the gap is filled before the next one
  frame_samples_ = count;
  noise_told_ = false;
  const auto frame = std::span(scratch_).first(count);
  double power = 0;
  for (const std::int16_t sample : frame)
    power += static_cast<double>(sample) * sample;
  background_.take(power / static_cast<double>(count));
  write(frame);
}

// Samples between what was written and this packet: by the timestamps, at the beginning of a stream by the
// clock. It was said before it came: a sender whose timestamps leap does not make hours of noise.
std::int64_t packet_recorder::gap_before(std::int64_t timestamp, time_point arrived_at) const noexcept {
  const std::int64_t waited = samples_in(arrived_at - *heard_at_);
  if (!next_timestamp_) return waited - made_up_;
  const std::int64_t gap = (timestamp - *next_timestamp_) * rate_hz_ / clock_hz_;
  return std::min(gap, std::max<std::int64_t>(waited, 0) + samples_in(patience)) - made_up_;
}

// Of what was lost, the last frame may be in the packet after it as well, in less detail (RFC 6716 §2.1.7).
void packet_recorder::conceal(std::int64_t samples, std::span<const std::byte> next) {
  const auto frame = std::span(scratch_).first(frame_samples_);
  const auto length = static_cast<std::int64_t>(frame.size());
  const bool recovers = decoder_->has_fec(next) && samples >= length;
  if (recovers) samples -= length;
  for (int count = 0; count < concealed_most && samples >= length; ++count, samples -= length) {
    decoder_->conceal(frame);
    write(frame);
  }
  make_noise(samples);
  if (!recovers) return;
  decoder_->recover(next, frame);
  write(frame);
}

void packet_recorder::make_noise(std::int64_t samples) {
  if (!noise_told_) noise_.set_power(background_.power());
  while (samples > 0) {
    const auto part = std::span(scratch_).first(std::min(scratch_.size(), static_cast<std::size_t>(samples)));
    noise_.fill(part);
    write(part);
    samples -= static_cast<std::int64_t>(part.size());
  }
}

void packet_recorder::write(std::span<const std::int16_t> samples) {
  sink_->write(samples, rate_hz_);
}

void packet_recorder::advance(time_point now) {
  if (!heard_at_) heard_at_ = now;
  play_ready(now);
  if (next_sequence_ && buffer_.first(*next_sequence_) != nullptr) return;  // it comes before any silence
  const std::int64_t missing = samples_in(now - *heard_at_ - patience) - made_up_;
  if (missing <= 0) return;
  make_noise(missing);
  made_up_ += missing;
}

void packet_recorder::finish() {
  if (!next_sequence_) return;
  while (const jitter_buffer::entry* first = buffer_.first(*next_sequence_))
    play(*first);
}

}  // namespace tollgate::pstn::media
