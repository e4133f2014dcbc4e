// SPDX-License-Identifier: Apache-2.0
// Statistics of a received stream (RFC 3550 A.1, A.3, A.8). Free of IO.
#include "pstn/media/reception.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tollgate::pstn::media {
namespace {

using std::chrono::steady_clock;

constexpr int dropout_max = 3000;  // A.1: a larger step forward is no loss but a restart
constexpr int misorder_max = 100;  // A.1: a larger step back is no reordering but a restart
constexpr auto stream_gone = std::chrono::milliseconds(50);  // two frames are missing and the third is due
constexpr double jitter_gain = 1.0 / 16;                     // A.8

}  // namespace

void reception::restart(const rtp_header& header, steady_clock::time_point) {
  expected_before_ += expected_now();
  lost_before_ += std::max<std::int64_t>(lost_now(), 0);
  if (ssrc_ != header.ssrc) report_ntp_ = 0;
  ssrc_ = header.ssrc;
  // Numbers begin one cycle up, so that a reordered packet from before the first one stays positive.
  first_ = highest_ = extended_ = 0x10000 + header.sequence_number;
  received_ = 1;
  expected_reported_ = received_reported_ = 0;
  stray_next_.reset();
  rival_.reset();
  transit_.reset();
}

bool reception::takes_over(const rtp_header& header, steady_clock::time_point arrived_at) noexcept {
  const bool again = rival_ && rival_->ssrc == header.ssrc && rival_->next == header.sequence_number;
  rival_ = {header.ssrc, static_cast<std::uint16_t>(header.sequence_number + 1)};
  return again && arrived_at - taken_at_ >= stream_gone;
}

void reception::set_clock(int clock_hz) noexcept {
  if (clock_hz == clock_hz_) return;
  clock_hz_ = clock_hz;
  jitter_ = 0;
  transit_.reset();
}

reception::verdict reception::take(const rtp_header& header, steady_clock::time_point arrived_at,
                                   bool voice) {
  verdict answer = verdict::next;
  if (!ssrc_ || *ssrc_ != header.ssrc) {
    if (ssrc_ && !takes_over(header, arrived_at)) return verdict::stray;
    restart(header, arrived_at);
    answer = verdict::restarted;
  } else {
    const int step = static_cast<std::int16_t>(
        static_cast<std::uint16_t>(header.sequence_number - static_cast<std::uint16_t>(highest_)));
    if (step >= dropout_max || step <= -misorder_max) {
      const bool again = stray_next_ == header.sequence_number;
      stray_next_ = static_cast<std::uint16_t>(header.sequence_number + 1);
      if (!again) return verdict::stray;
      restart(header, arrived_at);
      answer = verdict::restarted;
    } else {
      stray_next_.reset();
      extended_ = highest_ + step;
      highest_ = std::max(highest_, extended_);
      first_ = std::min(first_, extended_);
      ++received_;
    }
  }
  taken_at_ = arrived_at;
  if (voice) measure_jitter(header.timestamp, arrived_at);
  return answer;
}

void reception::measure_jitter(std::uint32_t timestamp, steady_clock::time_point arrived_at) noexcept {
  const auto since = std::chrono::duration<double>(arrived_at.time_since_epoch()).count();
  const auto arrival = static_cast<std::int64_t>(since * clock_hz_);
  const std::int64_t transit = arrival - static_cast<std::int64_t>(timestamp);
  if (transit_) {
    const auto difference = static_cast<std::int32_t>(static_cast<std::uint32_t>(transit - *transit_));
    // A jump of the timestamps is no jitter.
    if (std::abs(static_cast<double>(difference)) < clock_hz_)
      jitter_ += (std::abs(static_cast<double>(difference)) - jitter_) * jitter_gain;
  }
  transit_ = transit;
}

std::int64_t reception::lost() const noexcept {
  return lost_before_ + std::max<std::int64_t>(lost_now(), 0);
}

void reception::take_sender_report(std::uint64_t ntp_time, steady_clock::time_point arrived_at) noexcept {
  report_ntp_ = middle_of_ntp(ntp_time);
  report_arrived_at_ = arrived_at;
}

report_block reception::make_block(steady_clock::time_point now, std::int64_t lost_beyond) noexcept {
  report_block block;
  block.ssrc = ssrc();
  const std::int64_t expected = expected_now() - expected_reported_;
  const std::int64_t lost = expected - (received_ - received_reported_) +
                            (lost_beyond - std::exchange(lost_beyond_reported_, lost_beyond));
  expected_reported_ = expected_now();
  received_reported_ = received_;
  if (expected > 0 && lost > 0)
    block.fraction_lost = static_cast<std::uint8_t>(std::min<std::int64_t>(lost * 256 / expected, 255));
  block.cumulative_lost =
      static_cast<std::int32_t>(std::clamp<std::int64_t>(lost_now() + lost_beyond, -0x800000, 0x7fffff));
  block.highest_sequence = static_cast<std::uint32_t>(highest_ - 0x10000);
  block.jitter = static_cast<std::uint32_t>(jitter_);
  if (report_ntp_ != 0) {
    block.last_report = report_ntp_;
    const auto delay = std::chrono::duration<double>(now - report_arrived_at_).count();
    block.delay_since_report = static_cast<std::uint32_t>(std::max(delay, 0.0) * 65536);
  }
  return block;
}

}  // namespace tollgate::pstn::media
