// SPDX-License-Identifier: Apache-2.0
// One leg: taking packets apart, counting, RTCP (RFC 3550 §6). Free of IO.
#include "pstn/media/bridge_leg.hpp"

#include <algorithm>
#include <utility>

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t comfort_noise_payload_type = 13;  // RFC 3389 §4
constexpr double interval_correction = 1.21828;          // RFC 3550 §6.3.1: e - 3/2
constexpr double interval_s = 5;                         // RFC 3550 §6.2
constexpr double loss_kept = 0.5;                        // from one report to the next
constexpr double loss_forgotten = 0.005;
constexpr double buffer_of_jitter = 2;  // what a far end waits, by its interarrival jitter: a usual choice
constexpr auto coding_delay = 10ms;     // look-ahead of Opus and the network's own

}  // namespace

bridge_leg::bridge_leg(const leg_parameters& parameters, packet_sink rtp, packet_sink rtcp,
                       std::mt19937_64& random)
    : parameters_(parameters),
      rtp_(std::move(rtp)),
      rtcp_(std::move(rtcp)),
      reception_(parameters.codec.rtp_clock_hz),
      sender_(parameters,
              parameters.local_ssrc != 0 ? parameters.local_ssrc : static_cast<std::uint32_t>(random()),
              static_cast<std::uint16_t>(random()), static_cast<std::uint32_t>(random())),
      events_(std::max(parameters.telephone_event_clock_hz, 1), parameters.codec.rtp_clock_hz),
      takes_any_stream_(takes_any_stream(parameters.codec)) {}

void bridge_leg::change(const leg_parameters& parameters, packet_sink rtp, packet_sink rtcp,
                        std::mt19937_64& random) {
  const bool other_codec = parameters.codec.id != parameters_.codec.id &&
                           !(is_g711(parameters.codec.id) && is_g711(parameters_.codec.id));
  const bool other_ssrc = parameters.local_ssrc != 0 && parameters.local_ssrc != sender_.ssrc();
  if (other_ssrc)
    sender_ = voice_sender(parameters, parameters.local_ssrc, static_cast<std::uint16_t>(random()),
                           static_cast<std::uint32_t>(random()));
  if (other_codec && receiver_) {
    counted_.concealed += receiver_->concealed();
    counted_.recovered += receiver_->recovered();
    counted_.malformed += receiver_->malformed();
    receiver_.reset();
  }
  // Hold, another address or packet time: coders go on, for a new one would click at the far end.
  const bool same_coding = !other_ssrc && parameters.codec == parameters_.codec;
  reception_.set_clock(parameters.codec.rtp_clock_hz);
  parameters_ = parameters;
  takes_any_stream_ = takes_any_stream(parameters.codec);
  rtp_ = std::move(rtp);
  rtcp_ = std::move(rtcp);
  events_ = telephone_event_receiver(std::max(parameters.telephone_event_clock_hz, 1),
                                     parameters.codec.rtp_clock_hz);
  if (same_coding)
    sender_.set_parameters(parameters);
  else
    rate_hz_ = 0;
}

void bridge_leg::set_rate(int rate_hz) {
  if (rate_hz == rate_hz_) return;
  rate_hz_ = rate_hz;
  // The bridge asks for rates that these codecs have.
  sender_.set_encoder(parameters_, make_encoder(parameters_.codec, rate_hz).value(), rate_hz);
  auto made = make_decoder(parameters_.codec, rate_hz).value();
  if (receiver_)
    receiver_->set_decoder(std::move(made), rate_hz);
  else
    receiver_ = std::make_unique<voice_receiver>(parameters_.codec, std::move(made), rate_hz);
  prepare_recorder();
}

void bridge_leg::set_recorder(packet_recorder* recorder) {
  recorder_ = recorder;
  prepare_recorder();
}

void bridge_leg::prepare_recorder() {
  if (recorder_ != nullptr && rate_hz_ > 0)
    recorder_->set_decoder(parameters_.codec, make_decoder(parameters_.codec, rate_hz_).value(), rate_hz_);
}

bool bridge_leg::is_voice(std::uint8_t payload_type) const noexcept {
  if (payload_type == parameters_.payload_type_received.value_or(parameters_.codec.payload_type)) return true;
  // A far end may use any law that it was offered; the static payload types say which (RFC 3551 §6).
  return is_g711(parameters_.codec.id) && (payload_type == 0 || payload_type == 8);
}

std::optional<std::size_t> bridge_leg::changed_coding(std::span<const std::byte> packet) noexcept {
  if (parameters_.alternatives.empty()) return std::nullopt;
  const auto read = parse_rtp(packet);
  if (!read) return std::nullopt;
  const std::uint8_t payload_type = read->header.payload_type;
  const auto before = std::exchange(other_coding_, std::nullopt);
  if (is_voice(payload_type)) return std::nullopt;
  const auto& all = parameters_.alternatives;
  const auto found = std::find_if(all.begin(), all.end(), [&](const leg_coding& each) {
    return payload_type == each.payload_type_received.value_or(each.codec.payload_type);
  });
  if (found == all.end()) return std::nullopt;
  other_coding_ = {payload_type, static_cast<std::uint16_t>(read->header.sequence_number + 1)};
  // One may have been overtaken by the change back.
  if (!before || before->payload_type != payload_type || before->next != read->header.sequence_number)
    return std::nullopt;
  return static_cast<std::size_t>(found - all.begin());
}

void bridge_leg::follow_coding(std::size_t alternative, std::mt19937_64& random) {
  leg_parameters changed = parameters_;
  leg_coding& other = changed.alternatives[alternative];
  std::swap(other.codec, changed.codec);
  std::swap(other.payload_type_received, changed.payload_type_received);
  std::swap(other.telephone_event_payload_type, changed.telephone_event_payload_type);
  std::swap(other.telephone_event_payload_type_received, changed.telephone_event_payload_type_received);
  std::swap(other.telephone_event_clock_hz, changed.telephone_event_clock_hz);
  other_coding_.reset();
  auto rtp = std::move(rtp_), rtcp = std::move(rtcp_);
  change(changed, std::move(rtp), std::move(rtcp), random);
}

telephone_event_receiver::digits bridge_leg::receive_rtp(std::span<const std::byte> packet,
                                                         time_point arrived_at, const onward* pass) {
  fate_ = packet_fate::taken;
  const auto read = parse_rtp(packet);
  const auto& event_type = parameters_.telephone_event_payload_type_received;
  const bool event = read && read->header.payload_type ==
                                 (event_type ? event_type : parameters_.telephone_event_payload_type);
  const bool voice = read && is_voice(read->header.payload_type);
  const bool unproven = read && other_coding_;  // whose voice is left out: one packet shows no change yet
  if (!read || (!event && !voice && !unproven && read->header.payload_type != comfort_noise_payload_type)) {
    ++counted_.malformed;
    fate_ = packet_fate::malformed;
    return {};
  }
  switch (reception_.take(read->header, arrived_at, voice)) {
    case reception::verdict::stray:
      ++counted_.stray;
      fate_ = packet_fate::stray;
      return {};
    case reception::verdict::restarted:
      receiver_->restart();
      if (recorder_ != nullptr) recorder_->restart();
      events_.restart();
      if (pass != nullptr) pass->through.open_with_next();
      break;
    case reception::verdict::next:
      break;
  }
  counted_.last_packet_at = arrived_at;
  ++counted_.packets_received;
  counted_.bytes_received += read->payload.size();
  if (voice) {
    take_voice(*read, arrived_at, pass);
    return {};
  }
  if (pass != nullptr) pass->through.leave_out();
  const std::int64_t sequence = reception_.extended_sequence();
  if (!event && !unproven) {
    receiver_->put_comfort_noise(sequence, read->payload);
    if (recorder_ != nullptr) recorder_->put_comfort_noise(sequence, read->payload, arrived_at);
    return {};
  }
  receiver_->put_other(sequence);
  if (recorder_ != nullptr) recorder_->put_other(sequence, arrived_at);
  if (unproven) return {};
  return events_.take(read->payload, read->header.timestamp, arrived_at);
}

void bridge_leg::take_voice(const rtp_packet& packet, time_point arrived_at, const onward* pass) {
  if (packet.payload.empty() || packet.payload.size() > payload_max_bytes) {
    ++counted_.malformed;
    fate_ = packet_fate::malformed;
    return;
  }
  if (parameters_.codec.id == codec_id::opus)
    lasts_ = std::chrono::milliseconds(receiver_->samples_in(packet.payload) * 1000 /
                                       static_cast<std::size_t>(rate_hz_));
  if (recorder_ != nullptr)
    recorder_->put(reception_.extended_sequence(), packet.header.timestamp, packet.header.payload_type,
                   packet.payload, arrived_at);
  const auto put = pass != nullptr ? &voice_receiver::pass : &voice_receiver::put;
  switch ((receiver_.get()->*put)(reception_.extended_sequence(), packet.header.timestamp,
                                  packet.header.payload_type, packet.payload, arrived_at)) {
    case voice_receiver::outcome::taken:
      if (pass != nullptr) forward(packet.header, packet.payload, *pass, arrived_at);
      break;
    case voice_receiver::outcome::late:
      ++counted_.late;
      break;
    case voice_receiver::outcome::duplicate:
      ++counted_.duplicate;
      --counted_.packets_received;
      counted_.bytes_received -= packet.payload.size();
      reception_.take_back_duplicate();
      break;
  }
}

void bridge_leg::forward(const rtp_header& header, std::span<const std::byte> payload, const onward& pass,
                         time_point at) {
  const std::size_t samples = receiver_->samples_in(payload);
  if (samples == 0) {
    ++counted_.malformed;
    fate_ = packet_fate::malformed;
    return;
  }
  const auto units =
      static_cast<std::uint32_t>(samples * static_cast<std::size_t>(parameters_.codec.rtp_clock_hz) /
                                 static_cast<std::size_t>(rate_hz_));
  pass.to.sender_.forward(pass.through.map(header, at, pass.to.sender_), payload, units, at, pass.to.rtp_);
}

bool bridge_leg::pass_waiting(const onward& pass, time_point now) {
  if (!receiver_->between_packets()) return false;
  const auto position = receiver_->next_position();
  if (!position) {
    pass.through.open_with_next();
    return true;
  }
  pass.through.open_at(static_cast<std::uint16_t>(position->sequence), position->timestamp, pass.to.sender_);
  while (const jitter_buffer::entry* entry = receiver_->take_waiting())
    forward({false, entry->payload_type, static_cast<std::uint16_t>(entry->sequence),
             static_cast<std::uint32_t>(entry->timestamp), 0},
            entry->payload, pass, now);
  return true;
}

bool bridge_leg::may_pass_to(const bridge_leg& to) const noexcept {
  // A far end gets packets of the length that it has asked for.
  return parameters_.codec.id == to.parameters_.codec.id && to.takes_any_stream_ && lasts_ == to.ptime() &&
         !to.sender_.sending_digits();
}

std::int64_t bridge_leg::receive_rtcp(std::span<const std::byte> packet, time_point arrived_at) {
  const auto read = parse_rtcp(packet, sender_.ssrc());
  if (!read) return 0;
  if (read->sender && (!reception_.any() || read->ssrc == reception_.ssrc()))
    reception_.take_sender_report(read->sender->ntp_time, arrived_at);
  if (!read->about_us) return 0;
  const report_block& block = *read->about_us;
  counted_.remote_loss = block.fraction_lost / 256.0;
  if (const auto sent = static_cast<double>(sender_.packets()); sent > 0)
    counted_.remote_loss_total = std::clamp(block.cumulative_lost / sent, 0.0, 1.0);
  counted_.remote_jitter_ms = block.jitter * 1000.0 / parameters_.codec.rtp_clock_hz;
  if (const auto trip = round_trip(block, arrived_at))
    counted_.round_trip_ms = static_cast<double>(trip->count()) / 1000;
  // One report without loss does not say that there is none: what was reported fades.
  loss_expected_ = std::max(*counted_.remote_loss, loss_expected_ * loss_kept);
  if (loss_expected_ < loss_forgotten) loss_expected_ = 0;
  sender_.expect_loss(loss_expected_);
  const std::int32_t lost_before = std::exchange(reported_lost_, block.cumulative_lost).value_or(0);
  return std::max<std::int64_t>(std::int64_t{block.cumulative_lost} - lost_before, 0);
}

void bridge_leg::report(time_point now, std::mt19937_64& random, bool goodbye) {
  // §6.2: the first one after half the interval; §6.3.1: each between 0.5 and 1.5 times.
  const bool first = report_at_ == time_point{};
  const double factor = std::uniform_real_distribution(0.5, 1.5)(random) / interval_correction;
  const double wait_s = interval_s * factor * (first ? 0.5 : 1.0);
  report_at_ = now + std::chrono::duration_cast<time_point::duration>(std::chrono::duration<double>(wait_s));
  if (first && !goodbye) return;
  rtcp_report about;
  about.ssrc = sender_.ssrc();
  about.cname = parameters_.cname;
  about.goodbye = goodbye;
  if (sender_.packets() != packets_reported_) about.sender = sender_.information(now);
  packets_reported_ = sender_.packets();
  if (reception_.any()) about.block = reception_.make_block(now, lost_beyond_);
  const std::size_t length = write_rtcp(about, report_);
  if (rtcp_) rtcp_(std::span(report_).first(length));
}

leg_statistics bridge_leg::statistics() const {
  leg_statistics now = counted_;
  now.packets_sent = sender_.packets();
  now.bytes_sent = sender_.bytes();
  now.lost = static_cast<std::uint64_t>(reception_.lost());
  now.jitter_ms = reception_.jitter_ms();
  if (receiver_) {
    now.malformed += receiver_->malformed();
    now.concealed += receiver_->concealed();
    now.recovered += receiver_->recovered();
    now.playout_delay = std::chrono::duration_cast<std::chrono::milliseconds>(receiver_->playout_delay());
  }
  const stream_quality heard = received_quality();
  now.burst_ratio = heard.burst_ratio;
  if (now.packets_received > 0) now.mos = mos_of_rating(rating_factor(heard, received_delay()));
  return now;
}

stream_quality bridge_leg::received_quality() const noexcept {
  stream_quality heard{parameters_.codec.id};
  if (!receiver_) return heard;
  heard.loss = receiver_->share_concealed();
  heard.burst_ratio = receiver_->burst_ratio();
  return heard;
}

std::chrono::milliseconds bridge_leg::network_delay() const noexcept {
  return std::chrono::milliseconds(static_cast<std::int64_t>(counted_.round_trip_ms.value_or(0) / 2));
}

std::chrono::milliseconds bridge_leg::received_delay() const noexcept {
  const auto waited = receiver_ ? receiver_->playout_delay() : std::chrono::nanoseconds(0);
  return network_delay() + std::chrono::duration_cast<std::chrono::milliseconds>(waited) +
         usable_ptime(parameters_) + coding_delay;
}

std::optional<double> bridge_leg::remote_mos(std::optional<stream_quality> before,
                                             std::chrono::milliseconds delay_before) const noexcept {
  if (!counted_.remote_loss_total) return std::nullopt;
  std::array<stream_quality, 2> streams{};
  std::size_t count = 0;
  if (before) streams[count++] = *before;
  streams[count++] = {parameters_.codec.id, *counted_.remote_loss_total};
  const auto its_buffer = std::chrono::milliseconds(
      static_cast<std::int64_t>(buffer_of_jitter * counted_.remote_jitter_ms.value_or(0)));
  const auto one_way = delay_before + network_delay() + its_buffer + usable_ptime(parameters_) + coding_delay;
  return mos_of_rating(rating_factor(std::span(streams).first(count), one_way));
}

}  // namespace tollgate::pstn::media
