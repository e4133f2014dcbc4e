// SPDX-License-Identifier: Apache-2.0
// From packets to samples: decides when each packet is played, decodes it, conceals what is missing, and
// adapts its delay to the jitter without clicks. Free of IO.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "pstn/media/arrival_history.hpp"
#include "pstn/media/background_level.hpp"
#include "pstn/media/codec.hpp"
#include "pstn/media/comfort_noise.hpp"
#include "pstn/media/jitter_buffer.hpp"
#include "pstn/media/leg.hpp"

namespace tollgate::pstn::media {

// How the delay is kept at its target:
//  - the clock that pulls is laid on the first packet (begins_at) and nudged by correction(): that takes up
//  less than a frame, and the
//    drift of the sender's clock;
//  - more than a frame too long: about a frame is cut out, where the voice is quiet or by whole pitch periods
//  (the
//    remainder of a frame goes at the next quiet place);
//  - more than a frame too short: about a frame is repeated, where the voice is quiet or by whole pitch
//  periods; or, when packets come
//    late, the frames that were concealed for them count as put in and the packets are played after all;
//  - a single late packet is dropped, the frame that was concealed in its place stands, and the delay stays
//  as it is.
// What is not there is concealed for a short while and is then noise of the level that the far end's silence
// had, or that it asked for (RFC 3389).
class voice_receiver {
 public:
  voice_receiver(const codec_description& codec, std::unique_ptr<decoder> made, int rate_hz);

  // Another rate, or another far end's codec with the same clock: packets that wait stay.
  void set_decoder(std::unique_ptr<decoder> made, int rate_hz);
  void restart() noexcept;  // the stream begins anew: waiting packets are dropped

  enum class outcome : std::uint8_t { taken, duplicate, late };
  outcome put(std::int64_t sequence, std::uint32_t timestamp, std::uint8_t payload_type,
              std::span<const std::byte> payload, time_point arrived_at);
  // A packet that takes a sequence number but holds no voice.
  void put_other(std::int64_t sequence);
  // A comfort noise packet (RFC 3389): it is noise from the place of this packet on, until the next voice.
  void put_comfort_noise(std::int64_t sequence, std::span<const std::byte> payload);

  // A packet that is passed on instead of played: `duplicate` is not. What waits must have been taken before.
  outcome pass(std::int64_t sequence, std::uint32_t timestamp, std::uint8_t payload_type,
               std::span<const std::byte> payload, time_point arrived_at);
  struct position {
    std::int64_t sequence;
    std::uint32_t timestamp;
  };
  // The next packet; nothing when no stream plays.
  std::optional<position> next_position() const noexcept;
  // What waits, packet after packet, to be passed on; nullptr when there is no more: nothing is played then.
  // Valid until the next packet is put.
  const jitter_buffer::entry* take_waiting() noexcept;
  // Nothing is left of a packet that was played in part.
  bool between_packets() const noexcept { return state_ == state::idle || held_.empty(); }
  struct resumption {
    time_point at;  // when the next samples should be pulled, and every period from then on
    int skipped;    // periods that have gone by since the last packet
  };
  // Playing goes on after the last packet that was passed on, with a decoder that has heard what the far end
  // has. Nothing: there is no stream.
  std::optional<resumption> resume(time_point now, std::chrono::nanoseconds period);
  // Samples of a packet, at the rate of the decoder; 0 for a malformed one.
  std::size_t samples_in(std::span<const std::byte> payload) const { return decoder_->samples_in(payload); }

  // When the first packet of a stream that waits to begin should be pulled.
  std::optional<time_point> begins_at() const noexcept;
  // The next samples in time, to be played at `at`.
  void pull(time_point at, std::span<std::int16_t> out);
  // By how much later (or earlier) than now the pulls should come.
  std::chrono::nanoseconds correction() const noexcept { return correction_; }
  // The waiting packets and nothing else, for a recorder at the end: 0 when there is no more. Afterwards the
  // stream begins anew.
  std::size_t drain(std::span<std::int16_t> out);

  std::chrono::nanoseconds playout_delay() const noexcept { return delay_; }
  // The sender's media time of the next sample to be pulled, in samples from any point of the stream; nothing
  // while it does not play.
  std::optional<std::int64_t> media_position() const noexcept;
  // Frames made up so far, for packets lost, late or never sent.
  std::uint64_t frames_made_up() const noexcept { return frames_made_up_; }
  std::chrono::milliseconds concealed() const noexcept;
  std::chrono::milliseconds recovered() const noexcept;  // lost, but played from in-band FEC
  // Of the packets that should have been played: the share whose sound was made up, and by how much longer
  // such losses last than random ones would (ITU-T G.107 §7.5, BurstR).
  double share_concealed() const noexcept;
  double burst_ratio() const noexcept;
  std::uint64_t malformed() const noexcept { return malformed_; }

 private:
  enum class state : std::uint8_t { idle, waiting, playing };

  std::int64_t extend(std::uint32_t timestamp) noexcept;
  std::chrono::nanoseconds media_time(std::int64_t units) const noexcept;
  std::chrono::nanoseconds frame_time() const noexcept { return media_time(frame_units_); }
  std::chrono::nanoseconds target() const noexcept;
  void begin(std::int64_t sequence, std::int64_t timestamp, time_point arrived_at);
  outcome judge_late(std::int64_t sequence, std::int64_t timestamp, std::chrono::nanoseconds transit,
                     time_point arrived_at);

  void produce(time_point at, std::size_t wanted);
  const jitter_buffer::entry* next_voice() noexcept;
  void play(const jitter_buffer::entry& packet, time_point at);
  std::size_t decode(const jitter_buffer::entry& packet, std::span<std::int16_t> into);
  std::size_t shorten(std::size_t count, bool quiet, bool pressing);
  std::size_t trim(std::size_t count) noexcept;
  std::size_t prolong(std::size_t count, bool quiet, bool pressing) noexcept;
  void remember(std::span<const std::int16_t> pulled) noexcept;
  void skip_to_present(std::size_t count, std::chrono::nanoseconds excess);
  void bridge_gap(const jitter_buffer::entry& packet, time_point at);
  void conceal_empty();
  void append(std::span<const std::int16_t> samples);
  void append_concealed(std::size_t count);
  void append_noise(std::size_t count);
  void append_voice(std::span<std::int16_t> samples);
  void count_concealed(std::int64_t packets) noexcept;
  void note_late() noexcept;
  bool late_again() const noexcept;
  std::size_t phase() const noexcept;
  bool is_quiet(std::span<const std::int16_t> samples) noexcept;
  std::size_t frame_samples() const noexcept;
  std::int64_t units_of(std::size_t samples) const noexcept;
  std::chrono::nanoseconds sample_time(std::size_t samples) const noexcept;
  std::chrono::nanoseconds needed_early() const noexcept;
  std::chrono::nanoseconds delay_at(time_point at, std::int64_t timestamp) const noexcept;

  int clock_hz_;
  int rate_hz_;
  std::unique_ptr<decoder> decoder_;
  jitter_buffer buffer_;
  arrival_history history_;

  state state_ = state::idle;
  time_point begins_at_{};
  std::int64_t next_sequence_ = 0;
  std::int64_t next_timestamp_ = 0;  // extended
  std::optional<std::int64_t> last_timestamp_;
  std::int64_t frame_units_;  // of the last packet
  std::chrono::nanoseconds delay_{
      0};  // of the last packet: from its base arrival to the playing of its first sample
  std::chrono::nanoseconds correction_{0};

  int empty_run_ = 0;                // frames made up since the buffer ran dry
  int late_run_ = 0;                 // packets in a row that came too late
  int since_splice_ = 0;             // frames
  int since_late_ = 1 << 20;         // frames played since a packet came too late
  int since_late_before_ = 1 << 20;  // and since one did before that
  double loss_ = 0;                  // 0..1, of the last ten seconds or so
  bool lossy_ = false;               // so much that FEC is worth waiting for
  bool fec_seen_ = false;            // the far end sends in-band FEC
  double speech_power_ = 0;          // mean square, slowly falling
  background_level background_;
  bool quiet_ = false;       // the last frame was
  int made_up_ = 1 << 20;    // frames in a row that were not received: none was yet
  bool noise_told_ = false;  // by a comfort noise packet
  comfort_noise noise_;
  std::uint64_t played_packets_ = 0, concealed_packets_ = 0, concealed_runs_ = 0;
  std::uint64_t played_at_loss_ = ~std::uint64_t{0};  // played_packets_ when the last loss was counted
  std::uint64_t concealed_samples_ = 0, recovered_samples_ = 0;
  std::chrono::milliseconds concealed_before_{0}, recovered_before_{0};  // at other rates
  std::uint64_t malformed_ = 0;
  std::uint64_t frames_made_up_ = 0;

  std::size_t pulled_;                 // samples of a pull
  std::vector<std::int16_t> held_;     // decoded, not yet pulled
  std::vector<std::int16_t> past_;     // the latest that were pulled, oldest first
  std::vector<std::int16_t> scratch_;  // one frame of the greatest length
  std::vector<std::int16_t> second_;
};

}  // namespace tollgate::pstn::media
