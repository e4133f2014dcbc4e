// SPDX-License-Identifier: Apache-2.0
// What was received of one direction of one call, and what can be told from it: loss, lateness, delay.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "material.hpp"

namespace tollgate::bench {

enum class coding { opus, alaw };

struct received_packet {
  std::int64_t arrived_ns;  // CLOCK_REALTIME
  std::uint32_t timestamp;
  std::uint16_t sequence_number;
};

// Sent and received packets of a direction. Payloads are kept of a few streams only (`probe`): those are
// decoded after the run and laid on what was sent.
class stream {
 public:
  stream(coding arriving, bool probe, std::size_t material_offset)
      : arriving_(arriving), probe_(probe), material_offset_(material_offset) {}

  void sent(std::int64_t at_ns) {
    if (probe_) sent_ns_.push_back(at_ns);
  }
  void received(const received_packet& packet, std::span<const unsigned char> payload);

  struct counts {
    std::uint64_t received = 0;
    std::uint64_t lost = 0;  // numbers that are missing between the first and the last
    std::uint64_t late = 0;  // later than lateness_ns behind the stream's own beat
    std::uint64_t bytes = 0;
  };
  // One frame: what a jitter buffer of the far end would have to be longer for.
  static constexpr std::int64_t lateness_ns = 20'000'000;
  counts count() const;

  // One-way delays of the packets that could be matched, in ns: from the sending of the packet whose media a
  // packet carries to its arrival. The likeness is the normalised correlation of each second. Empty unless
  // `probe`.
  struct delays {
    std::vector<std::int64_t> ns;
    std::vector<double> likeness;
  };
  delays measure(const material& said) const;

  // Of the received Opus packets: bandwidth in Hz and channels of the last one that is no comfort frame (RFC
  // 6716 §3.1).
  int opus_bandwidth_hz() const noexcept { return opus_bandwidth_hz_; }
  int opus_channels() const noexcept { return opus_channels_; }

 private:
  std::vector<std::int16_t> decode() const;
  int clock_hz() const noexcept { return arriving_ == coding::opus ? 48000 : 8000; }

  coding arriving_;
  bool probe_;
  std::size_t material_offset_;        // frame of the material that was sent first
  std::vector<std::int64_t> sent_ns_;  // of each frame from the first on
  std::vector<received_packet> packets_;
  std::vector<packet_bytes> payloads_;
  std::uint64_t bytes_ = 0;
  int opus_bandwidth_hz_ = 0;
  int opus_channels_ = 0;
};

}  // namespace tollgate::bench
