// SPDX-License-Identifier: Apache-2.0
// The playing half of voice_receiver: decoding, concealing, and making the delay longer or shorter. Free of
// IO.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "pstn/media/fade.hpp"
#include "pstn/media/time_scale.hpp"
#include "pstn/media/voice_receiver.hpp"

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr nanoseconds early_tolerance = 500us;
constexpr nanoseconds stream_pause = 1s;       // nothing for so long: the stream has stopped, silence
constexpr nanoseconds excess_tolerated = 4ms;  // over a whole frame, before the delay is made shorter
constexpr nanoseconds excess_pressing = 60ms;  // from here on less likeness will do, as for a deficit of this
// Of a deficit, while packets do come too late: from here on a whole frame is put in. What is too much then
// is soon taken up by the clock.
constexpr nanoseconds deficit_tolerated = 7ms;
constexpr nanoseconds excess_absurd = 250ms;  // from here on packets are skipped
constexpr int splice_pause = 5;               // frames between two splices in voice
constexpr double likeness_least = 0.8;        // of what is faded together in voice
constexpr double likeness_pressing = 0.4;
constexpr int overlaps_per_second = 100;  // a splice fades over 10 ms
constexpr int pitches_per_second = 80;  // and its lag is up to 12.5 ms (a pitch of 80 Hz) from a whole frame
constexpr int concealed_most = 3;       // frames, before noise takes the place of the concealment
constexpr int fade_ins_per_second = 200;     // 5 ms from noise into voice
constexpr double quiet_power = 32.0 * 32.0;  // mean square of a frame that counts as silence
constexpr double quiet_ratio = 0.003;        // 25 dB below the voice
constexpr double power_decay = 0.999;        // per frame: 3 dB in 14 s
constexpr double loss_gain = 0.002;          // per packet
constexpr double loss_noticed = 0.004;       // the encoder sends FEC from about here on, too
constexpr double loss_forgotten = 0.001;
constexpr int frames_per_second_most = 400;  // RFC 6716 §2.1.4: 2.5 ms

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
  return sample_time(pulled_ - std::gcd(pulled_, std::max<std::size_t>(frame_samples(), 1)) + phase());
}

// After a cut of less than a frame something is always held, and packets are needed earlier by as much.
std::size_t voice_receiver::phase() const noexcept {
  return held_.size() % std::gcd(pulled_, std::max<std::size_t>(frame_samples(), 1));
}

// What is held goes first.
nanoseconds voice_receiver::delay_at(time_point at, std::int64_t timestamp) const noexcept {
  return at.time_since_epoch() + sample_time(held_.size()) - history_.base() - media_time(timestamp);
}

void voice_receiver::pull(time_point at, std::span<std::int16_t> out) {
  pulled_ = std::max<std::size_t>(out.size(), 1);
  while (held_.size() < out.size())
    produce(at, out.size() - held_.size());
  const auto end = held_.begin() + static_cast<std::ptrdiff_t>(out.size());
  std::copy(held_.begin(), end, out.begin());
  held_.erase(held_.begin(), end);
  remember(out);
}

void voice_receiver::remember(std::span<const std::int16_t> pulled) noexcept {
  const auto latest = pulled.last(std::min(pulled.size(), past_.size()));
  std::copy(past_.begin() + static_cast<std::ptrdiff_t>(latest.size()), past_.end(), past_.begin());
  std::copy(latest.begin(), latest.end(), past_.end() - static_cast<std::ptrdiff_t>(latest.size()));
}

void voice_receiver::produce(time_point at, std::size_t wanted) {
  if (state_ == state::waiting && at + early_tolerance >= begins_at_) state_ = state::playing;
  if (state_ != state::playing) return append_concealed(wanted);
  const jitter_buffer::entry* packet = next_voice();
  if (packet == nullptr) return conceal_empty();
  if (packet->timestamp - next_timestamp_ > frame_units_ / 2) return bridge_gap(*packet, at);
  play(*packet, at);
}

const jitter_buffer::entry* voice_receiver::next_voice() noexcept {
  const jitter_buffer::entry* packet = buffer_.first(next_sequence_);
  while (packet != nullptr && !packet->voice) {
    if (!packet->payload.empty()) noise_told_ = noise_.take(packet->payload);
    next_sequence_ = packet->sequence + 1;
    buffer_.remove(packet->sequence);
    packet = buffer_.first(next_sequence_);
  }
  return packet;
}

std::size_t voice_receiver::decode(const jitter_buffer::entry& packet, std::span<std::int16_t> into) {
  const std::int64_t missing = packet.sequence - next_sequence_;
  loss_ += ((missing > 0 ? 1.0 : 0.0) - loss_) * loss_gain;
  lossy_ = loss_ >= (lossy_ ? loss_forgotten : loss_noticed);
  const std::size_t count = decoder_->decode(packet.payload_type, packet.payload, into);
  buffer_.remove(packet.sequence);
  next_sequence_ = packet.sequence + 1;
  ++played_packets_;
  if (count == 0) {
    ++malformed_;
    next_timestamp_ = packet.timestamp + frame_units_;
    return 0;
  }
  noise_told_ = false;
  fec_seen_ = fec_seen_ || decoder_->has_fec(packet.payload);
  next_timestamp_ = packet.timestamp + static_cast<std::int64_t>(count) * clock_hz_ / rate_hz_;
  frame_units_ = units_of(count);
  return count;
}

void voice_receiver::play(const jitter_buffer::entry& packet, time_point at) {
  delay_ = delay_at(at, packet.timestamp);
  // Frames that were made up while the buffer was dry, for packets that we now know to be lost.
  count_concealed(std::min<std::int64_t>(empty_run_, packet.sequence - next_sequence_));
  empty_run_ = 0;
  std::size_t count = decode(packet, scratch_);
  if (count == 0) {
    count_concealed(1);
    return append_concealed(frame_samples());
  }
  quiet_ = is_quiet(std::span(scratch_).first(count));
  const nanoseconds aim = target();
  const nanoseconds excess = delay_ - aim;
  ++since_splice_;
  ++since_late_;
  ++since_late_before_;
  if (excess >= frame_time() + excess_absurd) {
    skip_to_present(count, excess);
  } else if (excess >= frame_time() + excess_tolerated) {
    count = shorten(count, quiet_, excess >= frame_time() + excess_pressing);
  } else if (quiet_ && excess >= 0ns && phase() > 0) {
    count = trim(count);
  } else if (excess <= -(late_again() ? deficit_tolerated : frame_time())) {
    count = prolong(count, quiet_, excess <= -excess_pressing);
  }
  append_voice(std::span(scratch_).first(count));
  correction_ = aim - delay_;
}

// Takes about a frame out of the frame in scratch_ and the one after it; returns what is left in scratch_.
std::size_t voice_receiver::shorten(std::size_t count, bool quiet, bool pressing) {
  if (!quiet && since_splice_ < splice_pause) return count;
  const jitter_buffer::entry* packet = next_voice();
  if (packet == nullptr || packet->sequence != next_sequence_ || packet->timestamp != next_timestamp_)
    return count;
  const std::size_t both = 2 * count;
  if (both > scratch_.size() || decoder_->samples_in(packet->payload) != count) return count;
  if (decode(*packet, std::span(scratch_).subspan(count, count)) != count) return count;
  const auto rate = static_cast<std::size_t>(rate_hz_);
  // What earlier cuts have left over goes as well.
  const std::size_t lag_most = count + std::min(phase(), count / 2);
  const std::size_t lag_least = quiet ? lag_most : count - std::min(count / 2, rate / pitches_per_second);
  const splice where =
      find_splice(std::span(scratch_).first(both), lag_least, lag_most, rate / overlaps_per_second);
  // Too unlike: both frames are played, and the next ones are tried.
  if (!quiet && where.likeness < (pressing ? likeness_pressing : likeness_least)) return both;
  delay_ -= sample_time(where.lag);
  since_splice_ = 0;
  return cut(std::span(scratch_).first(both), where);
}

// Takes out of a quiet frame what a cut in voice has left over of a whole one.
std::size_t voice_receiver::trim(std::size_t count) noexcept {
  const std::size_t over = phase();
  if (over >= count / 2) return count;
  const splice where = find_splice(std::span(scratch_).first(count), over, over, count / 4);
  delay_ -= sample_time(over);
  return cut(std::span(scratch_).first(count), where);
}

// Has about a frame of what was heard last again, in front of the frame in scratch_ or within it; returns
// what is in scratch_ then.
std::size_t voice_receiver::prolong(std::size_t count, bool quiet, bool pressing) noexcept {
  if (made_up_ > 0 || phase() >= count) return count;
  // In voice only where packets do come too late: else the clock has time.
  if (!quiet && (since_splice_ < splice_pause || !late_again())) return count;
  // Together with what earlier splices have left over it is a whole frame at least: less would be of no use.
  const std::size_t lag_least = count - phase();
  const auto rate = static_cast<std::size_t>(rate_hz_);
  const std::size_t lag_most = quiet ? lag_least : lag_least + std::min(count / 2, rate / pitches_per_second);
  const std::size_t known = past_.size() + held_.size(), length = lag_least + count;
  if (known < lag_least || length + lag_most > second_.size() || count + lag_most > scratch_.size())
    return count;
  // The past stays as it was heard: the splice begins `lag` behind the start of `sound`, in the new frame.
  const auto from_held = static_cast<std::ptrdiff_t>(std::min(held_.size(), lag_least));
  const auto from_past = static_cast<std::ptrdiff_t>(lag_least) - from_held;
  auto end = std::copy(past_.end() - from_past, past_.end(), second_.begin());
  end = std::copy(held_.end() - from_held, held_.end(), end);
  std::copy_n(scratch_.begin(), count, end);
  splice where = find_splice(std::span(second_).first(length), lag_least, lag_most, length - lag_most);
  where.overlap = std::min({where.overlap, where.lag, rate / overlaps_per_second});
  if (!quiet && where.likeness < (pressing ? likeness_pressing : likeness_least)) return count;
  const std::size_t prolonged = stretch(second_, length, where);
  delay_ += sample_time(where.lag);
  since_splice_ = 0;
  std::copy(second_.begin() + static_cast<std::ptrdiff_t>(lag_least),
            second_.begin() + static_cast<std::ptrdiff_t>(prolonged), scratch_.begin());
  return prolonged - lag_least;
}

// Far too much has come together: fades from the frame in scratch_ into the one that is due now.
void voice_receiver::skip_to_present(std::size_t count, nanoseconds excess) {
  bool skipped = false;
  for (; excess >= frame_time() && next_voice() != nullptr; excess -= frame_time()) {
    skipped = decode(*next_voice(), second_) == count || skipped;
    delay_ -= frame_time();
  }
  if (!skipped) return;
  for (std::size_t i = 0; i < count; ++i)
    scratch_[i] = faded(scratch_[i], second_[i], i, count);
}

// The next packet is there, but its time is not: either packets before it are lost, or the far end was
// silent.
void voice_receiver::bridge_gap(const jitter_buffer::entry& packet, time_point at) {
  const std::int64_t missing = packet.sequence - next_sequence_;
  const std::int64_t gap_units = packet.timestamp - next_timestamp_;
  const std::size_t count = frame_samples();
  if (missing > 0 && gap_units <= frame_units_ * 3 / 2 && decoder_->has_fec(packet.payload)) {
    // The last one of those that are lost is in this packet as well, in less detail.
    decoder_->recover(packet.payload, std::span(scratch_).first(count));
    fec_seen_ = true;
    ++frames_made_up_;
    recovered_samples_ += count;
    ++played_packets_;
    append_voice(std::span(scratch_).first(count));
    next_timestamp_ += frame_units_;
    return;
  }
  append_concealed(count);
  next_timestamp_ += frame_units_;
  if (missing > 0) return count_concealed(1);
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
  }
  append_concealed(frame_samples() - phase());
  next_timestamp_ += frame_units_;
}

std::size_t voice_receiver::drain(std::span<std::int16_t> out) {
  if (state_ == state::waiting) state_ = state::playing;
  while (state_ == state::playing && held_.size() < out.size()) {
    const jitter_buffer::entry* packet = next_voice();
    if (packet == nullptr) break;
    if (packet->timestamp - next_timestamp_ > frame_units_ / 2) {
      append_concealed(frame_samples());
      next_timestamp_ += frame_units_;
    } else if (const std::size_t count = decode(*packet, scratch_); count > 0) {
      append_voice(std::span(scratch_).first(count));
    } else {
      append_concealed(frame_samples());
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

void voice_receiver::append_noise(std::size_t count) {
  const std::size_t before = held_.size();
  held_.resize(before + count);
  noise_.fill(std::span(held_).subspan(before, count));
}

// What is not there: concealment for as long as it is worth something, fading into noise. After a silence
// there is nothing to conceal.
void voice_receiver::append_concealed(std::size_t count) {
  ++frames_made_up_;
  const bool over = made_up_ >= concealed_most;
  const bool fades = !over && (quiet_ || noise_told_ || made_up_ + 1 == concealed_most);
  made_up_ = fades || over ? concealed_most : made_up_ + 1;
  if (!noise_told_) noise_.set_power(background_.power());
  if (over) return append_noise(count);
  const std::size_t before = held_.size();
  held_.resize(before + count);
  const auto frame = std::span(held_).subspan(before, count);
  decoder_->conceal(frame);
  if (!fades) return;
  const auto noise = std::span(second_).first(count);
  noise_.fill(noise);
  for (std::size_t i = 0; i < count; ++i)
    frame[i] = faded(frame[i], noise[i], i, count);
}

// Received voice; out of noise it fades in.
void voice_receiver::append_voice(std::span<std::int16_t> samples) {
  if (made_up_ >= concealed_most) {
    const std::size_t fade =
        std::min(samples.size(), static_cast<std::size_t>(rate_hz_) / fade_ins_per_second);
    const auto noise = std::span(second_).first(fade);
    noise_.fill(noise);
    for (std::size_t i = 0; i < fade; ++i)
      samples[i] = faded(noise[i], samples[i], i, fade);
  }
  made_up_ = 0;
  append(samples);
}

void voice_receiver::count_concealed(std::int64_t packets) noexcept {
  if (packets <= 0) return;
  if (played_packets_ != played_at_loss_) ++concealed_runs_;
  played_at_loss_ = played_packets_;
  concealed_packets_ += static_cast<std::uint64_t>(packets);
  concealed_samples_ += static_cast<std::uint64_t>(packets) * frame_samples();
}

bool voice_receiver::is_quiet(std::span<const std::int16_t> samples) noexcept {
  double power = 0;
  for (const std::int16_t sample : samples)
    power += static_cast<double>(sample) * sample;
  power /= static_cast<double>(samples.size());
  speech_power_ = std::max(speech_power_ * power_decay, power);
  background_.take(power);
  return power < std::max(quiet_power, speech_power_ * quiet_ratio);
}

}  // namespace tollgate::pstn::media
