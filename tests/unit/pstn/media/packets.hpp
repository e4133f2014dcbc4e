// SPDX-License-Identifier: Apache-2.0
// Packets made by hand, so that clock, numbers and SSRC are ours, and a recorder that watches for clicks.
#pragma once

#include <cmath>
#include <cstdlib>
#include <numbers>
#include <vector>

#include "network.hpp"
#include "pstn/media/codec.hpp"
#include "pstn/media/rtp.hpp"

namespace tollgate::pstn::media::test {

// A hum of two harmonics, swelling and fading once a second, to nothing with a `depth` of 1: no high
// frequencies, so that every splice shows, and a background that is known to be silent. Whole seconds of it
// can be repeated.
inline std::vector<std::int16_t> make_hum(int seconds, int rate_hz, double pitch_hz = 137, double depth = 1) {
  std::vector<std::int16_t> samples(static_cast<std::size_t>(seconds * rate_hz));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double turn = 2 * std::numbers::pi * static_cast<double>(i) / rate_hz;
    const double loudness = 8000 / (1 + depth) * (1 + depth * std::sin(turn));
    samples[i] = static_cast<std::int16_t>(
        loudness * (0.7 * std::sin(turn * pitch_hz) + 0.3 * std::sin(turn * 2 * pitch_hz + 1)));
  }
  return samples;
}

// Keeps nothing but what is asked of it: an hour is long.
struct watching_sink final : audio_sink {
  void write(std::span<const std::int16_t> frame, int) override {
    for (const std::int16_t sample : frame) {
      bend = std::max(bend, std::abs(before_last_ - 2 * last_ + sample));
      before_last_ = last_;
      last_ = sample;
    }
    samples += frame.size();
  }
  void restart() { bend = 0; }
  std::size_t samples = 0;
  int bend = 0;

 private:
  int last_ = 0, before_last_ = 0;
};

// A far end of the bridge's one leg.
struct hand_sender {
  hand_sender(codec_id codec, const std::vector<std::int16_t>& at_8_khz, std::size_t frame_ms = 20)
      : which(codec == codec_id::opus ? side::overlay : side::trunk),
        described(default_description(codec)),
        frame_units(static_cast<std::uint32_t>(described.rtp_clock_hz / 1000) *
                    static_cast<std::uint32_t>(frame_ms)) {
    const auto coder = make_encoder(described, 8000).value();
    coder->set_complexity(0);
    const std::size_t count = 8 * frame_ms;
    for (std::size_t at = 0; at + count <= at_8_khz.size(); at += count) {
      auto& payload = payloads.emplace_back(payload_max_bytes);
      payload.resize(coder->encode(std::span(at_8_khz).subspan(at, count), payload));
    }
    attach();
    time.add(under);
  }
  void attach() {
    leg_parameters parameters = make_leg(described.id);
    under.attach(which, parameters, {}, {});
    // The bridge is narrow, as with a telephone.
    if (which == side::overlay) under.attach(side::trunk, make_leg(codec_id::pcma), {}, {});
    under.record(which, watched);
  }
  // The next packet's numbers move on, whether it is sent or not.
  void send_one(bool really = true) {
    if (really)
      deliver(8 == described.payload_type ? std::uint8_t{8} : described.payload_type,
              payloads[next % payloads.size()]);
    ++next;
    ++sequence_number;
    timestamp += frame_units;
  }
  void deliver(std::uint8_t payload_type, std::span<const std::byte> payload, double after_ms = 0) {
    std::vector<std::byte> packet(rtp_header_bytes + payload.size());
    write_rtp_header({false, payload_type, sequence_number, timestamp, ssrc},
                     std::span(packet).first<rtp_header_bytes>());
    std::copy(payload.begin(), payload.end(), packet.begin() + rtp_header_bytes);
    if (after_ms <= 0)
      under.receive_rtp(which, packet, time.now());
    else
      time.after(after_ms / 1000, [this, packet] { under.receive_rtp(which, packet, time.now()); });
  }
  void send(int count, double pace_ms = 20) {
    for (int i = 0; i < count; ++i) {
      send_one();
      time.run(pace_ms / 1000);
    }
  }
  leg_statistics statistics() const { return under.statistics(which); }

  side which;
  codec_description described;
  std::uint32_t frame_units;
  std::vector<std::vector<std::byte>> payloads;
  std::size_t next = 0;
  world time;
  listener told;
  bridge under{told, 5};
  std::shared_ptr<watching_sink> watched = std::make_shared<watching_sink>();
  std::uint16_t sequence_number = 65500;
  std::uint32_t timestamp = 0xfffff000;
  std::uint32_t ssrc = 77;
};

}  // namespace tollgate::pstn::media::test
