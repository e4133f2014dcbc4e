// SPDX-License-Identifier: Apache-2.0
// What is known of a received RTP stream: extended sequence numbers, losses and jitter by RFC 3550 A.1, A.3
// and A.8. Free of IO.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "pstn/media/rtcp.hpp"
#include "pstn/media/rtp.hpp"

namespace tollgate::pstn::media {

class reception {
 public:
  explicit reception(int clock_hz) : clock_hz_(clock_hz) {}

  void set_clock(int clock_hz) noexcept;  // another codec: jitter begins anew

  enum class verdict {
    next,       // use it; extended_sequence() is its number
    restarted,  // use it, and forget what came before: a new SSRC, or sequence numbers or timestamps that
                // begin anew
    stray,  // do not use it: a sequence number that is far away, once, or another SSRC while the stream goes
            // on
  };
  // Another SSRC takes over when two packets in a row have it (RFC 3550 A.1) and the stream before has been
  // silent for two frames and more: a real change of the sender loses 60 ms, packets slipped in change
  // nothing. `voice` is false for telephone events, whose timestamps stand still: they count, but say nothing
  // of jitter.
  verdict take(const rtp_header& header, std::chrono::steady_clock::time_point arrived_at, bool voice);
  std::int64_t extended_sequence() const noexcept { return extended_; }
  // A copy of a packet that was here already: taken back from the count of the received.
  void take_back_duplicate() noexcept { --received_; }

  bool any() const noexcept { return ssrc_.has_value(); }
  std::uint32_t ssrc() const noexcept { return ssrc_.value_or(0); }
  double jitter_ms() const noexcept { return jitter_ * 1000.0 / clock_hz_; }
  std::int64_t expected() const noexcept { return expected_before_ + expected_now(); }
  std::int64_t lost() const noexcept;  // over all streams of this leg, never negative

  void take_sender_report(std::uint64_t ntp_time, std::chrono::steady_clock::time_point arrived_at) noexcept;
  // The block for our next report; counts the interval anew. `lost_beyond`: packets, of all that were
  // received here, that have got lost on their further way unchanged, and so count as lost.
  report_block make_block(std::chrono::steady_clock::time_point now, std::int64_t lost_beyond = 0) noexcept;

 private:
  void restart(const rtp_header& header, std::chrono::steady_clock::time_point arrived_at);
  bool takes_over(const rtp_header& header, std::chrono::steady_clock::time_point arrived_at) noexcept;
  void measure_jitter(std::uint32_t timestamp, std::chrono::steady_clock::time_point arrived_at) noexcept;
  std::int64_t expected_now() const noexcept { return ssrc_ ? highest_ - first_ + 1 : 0; }
  std::int64_t lost_now() const noexcept { return expected_now() - received_; }

  int clock_hz_;
  std::optional<std::uint32_t> ssrc_;
  std::int64_t first_ = 0;  // extended sequence numbers
  std::int64_t highest_ = 0;
  std::int64_t extended_ = 0;  // of the last packet
  std::int64_t received_ = 0;
  std::int64_t expected_before_ = 0;  // of streams that were restarted
  std::int64_t lost_before_ = 0;
  std::int64_t expected_reported_ = 0;
  std::int64_t received_reported_ = 0;
  std::int64_t lost_beyond_reported_ = 0;
  struct rival {
    std::uint32_t ssrc;
    std::uint16_t next;  // the number after its last packet
  };
  std::optional<rival> rival_;  // the last packet of another SSRC
  std::chrono::steady_clock::time_point taken_at_{};
  std::optional<std::uint16_t> stray_next_;  // the number after a stray: two in a row are a restart
  std::optional<std::int64_t> transit_;      // clock units, modulo 2^32 arithmetic
  double jitter_ = 0;                        // clock units
  std::uint32_t report_ntp_ = 0;
  std::chrono::steady_clock::time_point report_arrived_at_{};
};

}  // namespace tollgate::pstn::media
