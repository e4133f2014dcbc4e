// SPDX-License-Identifier: Apache-2.0
// Calls between simulated far ends through a real media engine: real sockets, ICE, DTLS, SRTP GCM, Opus and
// G.711. Each far end says a tone of its own, so that what arrives can be told to be right.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "far_end.hpp"
#include "gateway/call/media_engine.hpp"
#include "pstn/media/codec.hpp"

namespace tollgate::gateway::call::test {

// What one far end has heard.
struct heard {
  std::uint64_t packets = 0;
  std::uint64_t frames_right = 0;  // the other's tone, and at its level
  std::uint64_t frames_wrong = 0;
};

class synthetic_call {
 public:
  synthetic_call(media_engine& engine, const overlay::dtls_context& dtls,
                 std::shared_ptr<media_session> session, bool listens);

  bool connected() const { return far_.connected(); }
  void repeat_set_up() { far_.repeat_set_up(); }
  // A frame of each far end; before the call is connected the peer's is left out.
  void send(std::span<const std::byte> opus, std::span<const std::byte> alaw);
  void receive();
  // Throws std::runtime_error when nothing is reported.
  media_report close(boost::asio::io_context& signalling);

  const heard& peer() const { return peer_heard_; }
  const heard& trunk() const { return trunk_heard_; }
  std::uint64_t sent() const { return sent_; }  // frames of each far end since it is connected
  media_session& session() { return *session_; }
  bench::far_end& far() { return far_; }
  std::uint16_t overlay_port() const { return overlay_port_; }
  std::uint16_t trunk_port() const { return trunk_port_; }
  // The latest packet as the peer protected it.
  std::span<const unsigned char> latest_protected() const {
    return std::span(protected_).first(protected_bytes_);
  }

 private:
  void judge(heard& by, pstn::media::decoder& with, std::span<const unsigned char> packet, double tone_hz);

  bench::far_end far_;
  std::shared_ptr<media_session> session_;
  bool listens_;
  std::uint16_t overlay_port_ = 0, trunk_port_ = 0;
  std::uint16_t sequence_ = 1000;
  std::uint32_t timestamp_ = 0;
  std::uint64_t sent_ = 0;
  heard peer_heard_, trunk_heard_;
  std::unique_ptr<pstn::media::decoder> opus_, alaw_;
  std::array<unsigned char, 1600> protected_{};
  std::size_t protected_bytes_ = 0;
};

class synthetic_calls {
 public:
  explicit synthetic_calls(std::size_t workers, bool shed_load = false, const load_limits& load = {});

  media_engine& engine() { return *engine_; }
  boost::asio::io_context& signalling() { return signalling_; }
  std::vector<std::unique_ptr<synthetic_call>>& calls() { return calls_; }

  // One more call; false: the engine refuses it. `listens`: what it hears is decoded and judged.
  bool add(bool listens);
  // Lets all far ends talk, a frame each 20 ms, spread over the time; `meanwhile` is called once a
  // frame. Frames keep their pace from one run to the next, unless much time has passed between them.
  void run(std::chrono::milliseconds time, const std::function<void()>& meanwhile = {});
  // By how much the far ends themselves were late at worst in the latest run.
  std::chrono::nanoseconds behind() const { return behind_; }
  // Until all are connected. Those that are not in time are closed, and counted by the answer.
  std::size_t connect(const std::function<void()>& meanwhile = {});

 private:
  boost::asio::io_context signalling_;
  std::unique_ptr<media_engine> engine_;
  overlay::dtls_context dtls_;
  std::vector<std::vector<std::byte>> opus_, alaw_;  // a second of each
  std::size_t frame_ = 0;
  std::chrono::steady_clock::time_point next_;  // frame
  std::chrono::nanoseconds behind_{0};
  std::vector<std::unique_ptr<synthetic_call>> calls_;
};

}  // namespace tollgate::gateway::call::test
