// SPDX-License-Identifier: Apache-2.0
// Two RTP legs and what is between them: jitter buffers, decoding with concealment, playing, recording,
// digits, encoding, RTCP. One leg alone is fine (voicemail, the peer). Free of IO and of clocks: packets and
// the time come in, packets go out.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "pstn/media/audio.hpp"
#include "pstn/media/leg.hpp"

namespace tollgate::pstn::media {

enum class play_mode : std::uint8_t {
  replace,  // the far end hears the source only
  mix,      // the source on top of the other leg's voice
};

enum class record_mode : std::uint8_t {
  live,   // as it is played, with what the jitter buffer has cut out, put in and concealed
  whole,  // as it was sent (packet_recorder): late packets are waited for, so that frames come when they do;
          // echo is left in
};

// Told after a call of receive_rtp or advance has done its work: an observer may call any member of the
// bridge, but must not destroy it inside the call (post that).
class bridge_observer {
 public:
  // A digit (0-9 * # A-D) has come from this side, once however often its packets did, and has ended. With
  // connected voice it has been passed on while it lasted, unless the other side has digits by signalling.
  virtual void digit_received(side from, char digit, std::chrono::milliseconds duration) = 0;
  // The source played toward this side has ended by itself (not: was stopped or replaced).
  virtual void playback_finished(side toward) = 0;

 protected:
  ~bridge_observer() = default;
};

// Belongs to one thread. The rate inside is 8 kHz as soon as a leg with a narrowband codec is attached, 16
// kHz with G.722 and Opus alone. Each direction has a clock of its own, which is laid on the arrivals of the
// packets and follows their sender's: a packet is decoded, encoded and sent on in one go when its time has
// come, so that the delay is the jitter target and nothing else.
class bridge {
 public:
  // `seed` gives SSRC, first sequence number, first timestamp and RTCP intervals: take it from a good random
  // source.
  bridge(bridge_observer& observer, std::uint64_t seed);
  bridge(const bridge&) = delete;
  bridge& operator=(const bridge&) = delete;
  ~bridge();  // recorders get what is still in the jitter buffers; no BYE is sent (detach does)

  // Begins sending (silence, if there is nothing else) with the next advance. For an attached side it changes
  // codec, ptime or sinks in mid-call; sequence numbers, timestamps and statistics go on as long as the SSRC
  // stays the same.
  void attach(side which, leg_parameters parameters, packet_sink rtp, packet_sink rtcp);
  // Sends RTCP BYE, gives the recorder of this side the rest, and forgets the leg but for its statistics.
  void detach(side which);
  bool attached(side which) const noexcept;

  // Packets from a leg, already decrypted and from the right address. Anything may be in them: what is no RTP
  // or RTCP is counted and dropped. Whoever finds both packets and a deadline due hands in the packets first,
  // with the times at which they arrived: what is handed in late has not come late. next_deadline() may have
  // changed afterwards.
  packet_fate receive_rtp(side from, std::span<const std::byte> packet, time_point arrived_at);
  void receive_rtcp(side from, std::span<const std::byte> packet, time_point arrived_at);

  // Of the Opus encoders, now and later: 0..10, 5 at first. Less costs less time and some quality.
  void set_complexity(int complexity);

  // Whether voice and digits flow between the legs. False at first: each side hears only what is played to
  // it.
  void connect_voice(bool connected);
  bool voice_connected() const noexcept;

  // Plays to a side from the next frame on, instead of what was being played there; nullptr stops.
  void play(side toward, std::shared_ptr<audio_source> source, play_mode mode);
  bool playing(side toward) const noexcept;

  // Records what comes from a side (with or without connected voice), continuous in time from now on:
  // concealed where packets are missing, silent where nothing is sent, silent as well before the first
  // packet. Another sink, or nullptr, takes the place of the one before. What still waits in the jitter
  // buffer goes to the sink before it is replaced (unless it is recorded live and voice is connected: then it
  // is the other leg's) and at detach: detach first, then finish the recording, and no tail is lost.
  void record(side from, std::shared_ptr<audio_sink> sink, record_mode mode = record_mode::live);

  // Sends digits one after the other (RFC 4733, or tones where the leg has no telephone-event), with pauses;
  // ',' is a second of pause. Other characters are skipped. `duration` is held to 40..10,000 ms, what is
  // queued to 64 digits.
  void send_digits(side toward, std::string_view digits, std::chrono::milliseconds duration);
  bool sending_digits(side toward) const noexcept;

  // When advance() wants to be called next; a time in the past means at once, nothing means that no leg is
  // attached.
  std::optional<time_point> next_deadline() const noexcept;
  // Plays, encodes and sends whatever is due, RTCP as well.
  void advance(time_point now);

  leg_statistics statistics(side which) const;

 private:
  class implementation;
  std::unique_ptr<implementation> implementation_;
};

}  // namespace tollgate::pstn::media
