// SPDX-License-Identifier: Apache-2.0
// What a media worker counts of its packets. Written by its thread alone, read by any: no lock, and nothing
// that makes a packet wait.
#pragma once

#include <array>
#include <atomic>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <string_view>

#include "pstn/media/leg.hpp"

namespace tollgate::gateway::call {

// Why a packet was dropped.
enum class bad_packet : std::uint8_t {
  foreign_address,      // not from the address that was negotiated, latched or checked by ICE
  wrong_ssrc,           // of another SSRC while the stream goes on, or a sequence number far away
  srtp_authentication,  // not made with the call's key, or before there was one
  srtp_replay,          // was here before, or is older than the window (RFC 3711 §3.3.2)
  malformed,            // truncated, or none of what the port is for
  oversized,            // longer than any packet of a call
};
inline constexpr std::size_t bad_packet_kinds = 6;
std::string_view to_string(bad_packet why) noexcept;
// What an error of srtp_session means.
bad_packet reason_of(const boost::system::error_code& error) noexcept;

class media_counters {
 public:
  using side = pstn::media::side;

  void received(side from) noexcept { add(received_[index(from)]); }
  void sent(side to) noexcept { add(sent_[index(to)]); }
  void refused(side from, bad_packet why) noexcept {
    add(refused_[index(from)][static_cast<std::size_t>(why)]);
  }

  // Any thread.
  std::uint64_t packets_received(side from) const noexcept { return read(received_[index(from)]); }
  std::uint64_t packets_sent(side to) const noexcept { return read(sent_[index(to)]); }
  std::uint64_t packets_refused(side from, bad_packet why) const noexcept {
    return read(refused_[index(from)][static_cast<std::size_t>(why)]);
  }

 private:
  using counter = std::atomic<std::uint64_t>;
  static std::size_t index(side which) noexcept { return static_cast<std::size_t>(which); }
  static std::uint64_t read(const counter& from) noexcept { return from.load(std::memory_order_relaxed); }
  // One writer: no read-modify-write of the bus is needed.
  static void add(counter& to) noexcept { to.store(read(to) + 1, std::memory_order_relaxed); }

  std::array<counter, 2> received_{}, sent_{};
  std::array<std::array<counter, bad_packet_kinds>, 2> refused_{};
};

}  // namespace tollgate::gateway::call
