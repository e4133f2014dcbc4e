// SPDX-License-Identifier: Apache-2.0
#include "stream.hpp"

#include <opus.h>
#include <spandsp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

namespace tollgate::bench {
namespace {

constexpr std::size_t piece_frames = frames_per_second;  // a second is matched at a time
constexpr std::size_t piece_samples = piece_frames * narrow_frame_samples;
constexpr std::int64_t delay_most_ns = 400'000'000;
// Opus's own look-ahead: its decoder's samples are as much older than the packet's frame (opus_encoder.c, 6.5
// ms in VoIP).
constexpr std::int64_t look_ahead_samples = 52;
constexpr double likeness_least = 0.6;

std::int64_t frame_of(const received_packet& packet, const received_packet& first, int clock_hz) {
  const auto units = static_cast<std::int32_t>(packet.timestamp - first.timestamp);
  return units / (clock_hz / frames_per_second);
}

double likeness_at(const std::int16_t* said, const std::int16_t* heard, std::size_t stride) {
  double product = 0, of_said = 1, of_heard = 1;
  for (std::size_t i = 0; i < piece_samples; i += stride) {
    const double a = said[i], b = heard[i];
    product += a * b;
    of_said += a * a;
    of_heard += b * b;
  }
  return product / std::sqrt(of_said * of_heard);
}

struct match {
  std::size_t at;
  double likeness;
};

// Where in `said` the piece begins: every place with every fifth sample first, then those around the best in
// full.
match find(const std::vector<std::int16_t>& said, const std::int16_t* heard) {
  const std::size_t places = said.size() - piece_samples;
  match best{0, -2};
  for (std::size_t at = 0; at < places; ++at)
    if (const double likeness = likeness_at(said.data() + at, heard, 5); likeness > best.likeness)
      best = {at, likeness};
  const std::size_t from = best.at > 3 ? best.at - 3 : 0;
  const std::size_t to = std::min(best.at + 3, places - 1);
  best.likeness = -2;
  for (std::size_t at = from; at <= to; ++at)
    if (const double likeness = likeness_at(said.data() + at, heard, 1); likeness > best.likeness)
      best = {at, likeness};
  return best;
}

}  // namespace

void stream::received(const received_packet& packet, std::span<const unsigned char> payload) {
  packets_.push_back(packet);
  bytes_ += payload.size();
  if (probe_) payloads_.emplace_back(payload.begin(), payload.end());
  if (arriving_ != coding::opus || payload.size() <= 2) return;
  opus_channels_ = opus_packet_get_nb_channels(payload.data());
  switch (opus_packet_get_bandwidth(payload.data())) {
    case OPUS_BANDWIDTH_NARROWBAND:
      opus_bandwidth_hz_ = 4000;
      break;
    case OPUS_BANDWIDTH_MEDIUMBAND:
      opus_bandwidth_hz_ = 6000;
      break;
    case OPUS_BANDWIDTH_WIDEBAND:
      opus_bandwidth_hz_ = 8000;
      break;
    case OPUS_BANDWIDTH_SUPERWIDEBAND:
      opus_bandwidth_hz_ = 12000;
      break;
    default:
      opus_bandwidth_hz_ = 20000;
  }
}

stream::counts stream::count() const {
  counts result;
  result.received = packets_.size();
  result.bytes = bytes_;
  if (packets_.empty()) return result;
  std::vector<std::int64_t> transits;
  std::int64_t lowest = 0, highest = 0, number = 0;
  for (std::size_t i = 0; i < packets_.size(); ++i) {
    const received_packet& packet = packets_[i];
    if (i > 0) number += static_cast<std::int16_t>(packet.sequence_number - packets_[i - 1].sequence_number);
    lowest = std::min(lowest, number);
    highest = std::max(highest, number);
    const auto units = static_cast<std::int32_t>(packet.timestamp - packets_[0].timestamp);
    transits.push_back(packet.arrived_ns - std::int64_t{units} * (1'000'000'000 / clock_hz()));
  }
  const auto span = static_cast<std::uint64_t>(highest - lowest + 1);
  result.lost = span > result.received ? span - result.received : 0;
  // The beat is where most packets come, not where the earliest came: it may be moved by a jitter buffer
  // during the run.
  auto sorted = transits;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  result.late = static_cast<std::uint64_t>(
      std::count_if(transits.begin(), transits.end(),
                    [beat = *middle](std::int64_t at) { return at > beat + lateness_ns; }));
  return result;
}

// Samples at 8 kHz, a frame for each 20 ms of the RTP timestamps; what did not come is concealed or silent.
std::vector<std::int16_t> stream::decode() const {
  int error = OPUS_OK;
  const std::unique_ptr<OpusDecoder, void (*)(OpusDecoder*)> decoder(
      opus_decoder_create(narrow_rate_hz, 1, &error), opus_decoder_destroy);
  std::vector<std::int16_t> samples;
  std::array<std::int16_t, 6 * narrow_frame_samples> frame{};
  for (std::size_t i = 0; i < packets_.size(); ++i) {
    const std::int64_t place = frame_of(packets_[i], packets_[0], clock_hz());
    if (place < 0) continue;
    const auto begin = static_cast<std::size_t>(place) * narrow_frame_samples;
    const packet_bytes& payload = payloads_[i];
    std::size_t count = narrow_frame_samples;
    if (arriving_ == coding::opus) {
      const int decoded = opus_decode(decoder.get(), payload.data(), static_cast<opus_int32>(payload.size()),
                                      frame.data(), static_cast<int>(frame.size()), 0);
      count = static_cast<std::size_t>(std::max(decoded, 0));
    } else {
      count = std::min(payload.size(), frame.size());
      std::transform(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(count), frame.begin(),
                     [](unsigned char code) { return alaw_to_linear(code); });
    }
    if (samples.size() < begin + count) samples.resize(begin + count, 0);
    std::copy_n(frame.begin(), count, samples.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  return samples;
}

stream::delays stream::measure(const material& said) const {
  delays result;
  if (!probe_ || packets_.empty() || sent_ns_.empty()) return result;
  const std::vector<std::int16_t> heard = decode();
  std::vector<std::int64_t> arrived(heard.size() / narrow_frame_samples, 0);
  for (const received_packet& packet : packets_)
    if (const auto place = frame_of(packet, packets_[0], clock_hz());
        place >= 0 && static_cast<std::size_t>(place) < arrived.size())
      arrived[static_cast<std::size_t>(place)] = packet.arrived_ns;

  constexpr std::size_t search_frames = piece_frames + delay_most_ns / (frame_ms * 1'000'000);
  std::vector<std::int16_t> near;
  for (std::size_t piece = 0; piece + piece_frames <= arrived.size(); piece += piece_frames) {
    if (arrived[piece] == 0) continue;
    const auto earliest = std::lower_bound(sent_ns_.begin(), sent_ns_.end(), arrived[piece] - delay_most_ns);
    const auto from = static_cast<std::size_t>(earliest - sent_ns_.begin());
    if (from + search_frames > sent_ns_.size()) break;
    near.clear();
    for (std::size_t i = 0; i < search_frames; ++i) {
      const std::size_t frame = (material_offset_ + from + i) % said.frames();
      const auto* begin = said.samples.data() + frame * narrow_frame_samples;
      near.insert(near.end(), begin, begin + narrow_frame_samples);
    }
    const match found = find(near, heard.data() + piece * narrow_frame_samples);
    result.likeness.push_back(found.likeness);
    if (found.likeness < likeness_least) continue;
    const auto place = static_cast<std::int64_t>(found.at) + look_ahead_samples;
    const std::size_t first =
        from + static_cast<std::size_t>((place + narrow_frame_samples / 2) / narrow_frame_samples);
    for (std::size_t i = 0; i < piece_frames && first + i < sent_ns_.size(); ++i)
      if (arrived[piece + i] != 0) result.ns.push_back(arrived[piece + i] - sent_ns_[first + i]);
  }
  return result;
}

}  // namespace tollgate::bench
