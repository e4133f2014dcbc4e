// SPDX-License-Identifier: Apache-2.0
// Sending of voice and digits. Free of IO.
#include "pstn/media/voice_sender.hpp"

#include <algorithm>
#include <utility>

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds ptime_least = 10ms;
constexpr milliseconds ptime_longest = 60ms;
constexpr milliseconds comfort_interval = 400ms;  // a frame of noise so often in silence (RFC 6716 §2.1.9)
constexpr std::uint8_t event_volume_dbm0 = 10;
constexpr int segment_end_repeats = 2;  // RFC 4733 §2.5.1.4: three times in all
constexpr milliseconds tone_edge = 5ms;

}  // namespace

milliseconds usable_ptime(const leg_parameters& parameters) noexcept {
  const milliseconds wanted = std::clamp(parameters.ptime, ptime_least, ptime_longest);
  if (parameters.codec.id != codec_id::opus) {
    const milliseconds least = frame_granularity(parameters.codec.id);
    return std::max(wanted / least * least, least);
  }
  if (wanted < 20ms) return 10ms;
  if (wanted < 40ms) return 20ms;
  return wanted < 60ms ? 40ms : 60ms;
}

voice_sender::voice_sender(const leg_parameters& parameters, std::uint32_t ssrc,
                           std::uint16_t sequence_number, std::uint32_t timestamp)
    : ssrc_(ssrc),
      sequence_number_(sequence_number),
      timestamp_(timestamp),
      digits_(usable_ptime(parameters)) {}

void voice_sender::set_encoder(const leg_parameters& parameters, std::unique_ptr<encoder> made, int rate_hz) {
  encoder_ = std::move(made);
  rate_hz_ = rate_hz;
  set_parameters(parameters);
}

void voice_sender::set_parameters(const leg_parameters& parameters) {
  const milliseconds ptime = usable_ptime(parameters);
  if (ptime != ptime_) digits_ = digit_queue(ptime);
  parameters_ = parameters;
  ptime_ = ptime;
  frame_units_ = static_cast<std::uint32_t>(parameters.codec.rtp_clock_hz * ptime.count() / 1000);
  talking_ = false;
  activity_.restart();
  unsent_for_ = 0ms;
}

void voice_sender::send(std::span<const std::int16_t> frame, time_point at, const packet_sink& sink) {
  sent_at_ = at;
  const digit_queue::step step = digits_.next();
  if (parameters_.sending) {
    if (step.what == digit_queue::action::event && parameters_.telephone_event_payload_type)
      send_event(step, sink);
    else if (step.what == digit_queue::action::voice)
      send_voice(frame, sink);
    else
      send_voice(tone(step, frame.size()), sink);
  }
  timestamp_ += frame_units_;
}

void voice_sender::forward(const rtp_header& header, std::span<const std::byte> payload, std::uint32_t units,
                           time_point at, const packet_sink& sink) {
  const auto next = static_cast<std::uint16_t>(header.sequence_number + 1);
  if (static_cast<std::int16_t>(next - sequence_number_) > 0) sequence_number_ = next;
  if (static_cast<std::int32_t>(header.timestamp + units - timestamp_) > 0) {
    timestamp_ = header.timestamp + units;
    sent_at_ = at;
  }
  talking_ = true;
  unsent_for_ = 0ms;
  if (!parameters_.sending || payload.size() > payload_max_bytes) return;
  write_rtp_header(
      {header.marker, parameters_.codec.payload_type, header.sequence_number, header.timestamp, ssrc_},
      std::span(packet_).first<rtp_header_bytes>());
  std::copy(payload.begin(), payload.end(), packet_.begin() + rtp_header_bytes);
  ++packets_;
  bytes_ += payload.size();
  if (sink) sink(std::span(packet_).first(rtp_header_bytes + payload.size()));
}

std::uint32_t voice_sender::timestamp_at(time_point at) const noexcept {
  if (sent_at_ == time_point{}) return timestamp_;
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(at - sent_at_ - ptime_).count();
  return timestamp_ + static_cast<std::uint32_t>(std::max<std::int64_t>(since, 0) *
                                                 parameters_.codec.rtp_clock_hz / 1'000'000);
}

void voice_sender::resume(int skipped) {
  encoder_->reset();
  activity_.restart();
  if (skipped > 0) skip(skipped);
}

void voice_sender::resume_at(time_point at) {
  timestamp_ = timestamp_at(at);
  encoder_->reset();
  activity_.restart();
  talking_ = false;
}

void voice_sender::skip(int frames) noexcept {
  timestamp_ += frame_units_ * static_cast<std::uint32_t>(frames);
  talking_ = false;
}

void voice_sender::send_event(const digit_queue::step& step, const packet_sink& sink) {
  if (step.first) {
    event_timestamp_ = timestamp_;
    event_segments_ = 0;
    segment_ends_left_ = 0;
  }
  const std::int64_t units = step.elapsed.count() * parameters_.telephone_event_clock_hz / 1000;
  std::int64_t rest = units - std::int64_t{event_segments_} * telephone_event_segment;
  if (segment_ends_left_ > 0) {
    --segment_ends_left_;
    emit_event(step, event_segments_ - 1, telephone_event_segment, false, sink);
  }
  while (rest > telephone_event_segment) {
    emit_event(step, event_segments_, telephone_event_segment, false, sink);
    ++event_segments_;
    segment_ends_left_ = segment_end_repeats;
    rest -= telephone_event_segment;
  }
  emit_event(step, event_segments_, static_cast<std::uint16_t>(std::max<std::int64_t>(rest, 0)), step.end,
             sink);
  talking_ = false;
  unsent_for_ = 0ms;
}

void voice_sender::emit_event(const digit_queue::step& step, std::uint32_t segment, std::uint16_t duration,
                              bool end, const packet_sink& sink) {
  telephone_event event;
  event.event = *event_of(step.digit);
  event.end = end;
  event.volume_dbm0 = event_volume_dbm0;
  event.duration = duration;
  write_telephone_event(event, std::span(packet_).subspan<rtp_header_bytes, telephone_event_bytes>());
  // The stream's timestamps may run on another clock than the events' durations.
  const std::int64_t later = std::int64_t{segment} * telephone_event_segment *
                             parameters_.codec.rtp_clock_hz / parameters_.telephone_event_clock_hz;
  emit(*parameters_.telephone_event_payload_type, step.first && segment == 0,
       event_timestamp_ + static_cast<std::uint32_t>(later), telephone_event_bytes, sink);
}

// A digit or the pause after it, in the voice.
std::span<const std::int16_t> voice_sender::tone(const digit_queue::step& step, std::size_t count) {
  const std::span<std::int16_t> out = std::span(tone_frame_).first(std::min(count, tone_frame_.size()));
  std::fill(out.begin(), out.end(), std::int16_t{0});
  // The two repeated ends of an event are a pause here.
  if (step.what != digit_queue::action::event || step.repeated) return out;
  if (step.first && !set_dtmf(tone_, step.digit)) return out;
  const auto samples = [this](milliseconds time) {
    return static_cast<std::size_t>(time.count() * rate_hz_ / 1000);
  };
  const std::size_t position = samples(step.played - ptime_);
  // The end may be known late only: then the tone fades out at once.
  const std::size_t length =
      step.end ? std::max(samples(step.elapsed), position + samples(tone_edge)) : position + 2 * out.size();
  tone_.fill(out, position, length, rate_hz_);
  return out;
}

// Opus only: its receivers fill the time with noise of the last frames, and the encoder is what costs.
bool voice_sender::may_be_skipped(std::span<const std::int16_t> frame) noexcept {
  comfort_ = false;
  if (parameters_.codec.id != codec_id::opus) return false;
  if (activity_.take(frame, rate_hz_)) {
    unsent_for_ = 0ms;
    return false;
  }
  unsent_for_ += ptime_;
  if (unsent_for_ < comfort_interval) return true;
  unsent_for_ = 0ms;
  comfort_ = true;
  return false;
}

void voice_sender::send_voice(std::span<const std::int16_t> frame, const packet_sink& sink) {
  if (may_be_skipped(frame)) {
    talking_ = false;
    return;
  }
  const std::size_t length = encoder_->encode(frame, std::span(packet_).subspan(rtp_header_bytes));
  if (length == 0) return;
  emit(parameters_.codec.payload_type, !talking_ && !comfort_, timestamp_, length, sink);
  talking_ = !comfort_;
}

void voice_sender::emit(std::uint8_t payload_type, bool marker, std::uint32_t timestamp,
                        std::size_t payload_bytes, const packet_sink& sink) {
  write_rtp_header({marker, payload_type, sequence_number_++, timestamp, ssrc_},
                   std::span(packet_).first<rtp_header_bytes>());
  ++packets_;
  bytes_ += payload_bytes;
  if (sink) sink(std::span(packet_).first(rtp_header_bytes + payload_bytes));
}

sender_information voice_sender::information(time_point now) const noexcept {
  sender_information about;
  about.ntp_time = to_ntp(now);
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(now - sent_at_).count();
  const auto units =
      std::clamp<std::int64_t>(since, 0, 10'000'000) * parameters_.codec.rtp_clock_hz / 1'000'000;
  about.rtp_timestamp = timestamp_ - frame_units_ + static_cast<std::uint32_t>(units);
  about.packets = static_cast<std::uint32_t>(packets_);
  about.bytes = static_cast<std::uint32_t>(bytes_);
  return about;
}

}  // namespace tollgate::pstn::media
