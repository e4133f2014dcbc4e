// SPDX-License-Identifier: Apache-2.0
// One leg of a bridge with all its state: what is received is taken apart and counted, RTCP is answered and
// sent. Free of IO.
#pragma once

#include <array>
#include <boost/container/static_vector.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>

#include "pstn/media/leg.hpp"
#include "pstn/media/packet_recorder.hpp"
#include "pstn/media/passage.hpp"
#include "pstn/media/quality.hpp"
#include "pstn/media/reception.hpp"
#include "pstn/media/rtcp.hpp"
#include "pstn/media/telephone_event.hpp"
#include "pstn/media/voice_receiver.hpp"
#include "pstn/media/voice_sender.hpp"

namespace tollgate::pstn::media {

// Between attach and detach, codec and sinks may change; what is counted stays.
class bridge_leg {
 public:
  bridge_leg(const leg_parameters& parameters, packet_sink rtp, packet_sink rtcp, std::mt19937_64& random);

  // New parameters or sinks; set_rate must follow.
  void change(const leg_parameters& parameters, packet_sink rtp, packet_sink rtcp, std::mt19937_64& random);
  // Of the alternatives the one that the far end has changed to, where this packet says so: the second in a
  // row.
  std::optional<std::size_t> changed_coding(std::span<const std::byte> packet) noexcept;
  // Goes on in it; what was used so far takes its place among the alternatives. set_rate must follow.
  void follow_coding(std::size_t alternative, std::mt19937_64& random);
  // Makes encoder and decoder for the rate inside the bridge.
  void set_rate(int rate_hz);

  // Where voice is passed on as it is.
  struct onward {
    passage& through;
    bridge_leg& to;
  };
  // What the packet tells of digits; voice goes to the receiver, or onward.
  telephone_event_receiver::digits receive_rtp(std::span<const std::byte> packet, time_point arrived_at,
                                               const onward* pass = nullptr);
  // Passes on what waits for being played, in front of what comes. False: not between two packets now.
  bool pass_waiting(const onward& pass, time_point now);
  // Whether what this leg receives may go to `to` as it is.
  bool may_pass_to(const bridge_leg& to) const noexcept;
  packet_fate fate() const noexcept { return fate_; }  // of the packet that receive_rtp was given last
  // How many packets of those that we have sent are newly reported lost.
  std::int64_t receive_rtcp(std::span<const std::byte> packet, time_point arrived_at);
  // Packets of this far end that were passed on as they are and have got lost behind us: it hears of them as
  // of its own.
  void lost_beyond(std::int64_t packets) noexcept { lost_beyond_ += packets; }
  // What else gets the packets that are received here; nullptr for nobody. It outlives the leg or is taken
  // away before.
  void set_recorder(packet_recorder* recorder);
  std::optional<digit_progress> expire_digit(time_point now) { return events_.expire(now); }

  void send(std::span<const std::int16_t> frame, time_point at) { sender_.send(frame, at, rtp_); }

  time_point report_at() const noexcept { return report_at_; }
  // Sends the report that is due and plans the next; `goodbye` is for the end.
  void report(time_point now, std::mt19937_64& random, bool goodbye);

  voice_receiver& receiver() noexcept { return *receiver_; }
  voice_sender& sender() noexcept { return sender_; }
  const voice_sender& sender() const noexcept { return sender_; }
  const leg_parameters& parameters() const noexcept { return parameters_; }
  std::chrono::milliseconds ptime() const noexcept { return usable_ptime(parameters_); }
  leg_statistics statistics() const;
  // As statistics() has it, for the E-model: what comes from the far end, and how long that takes up to us
  // and through us.
  stream_quality received_quality() const noexcept;
  std::chrono::milliseconds received_delay() const noexcept;
  // What the far end hears of us, where it reports: of `before`, which comes with `delay_before` from the
  // other leg.
  std::optional<double> remote_mos(std::optional<stream_quality> before,
                                   std::chrono::milliseconds delay_before) const noexcept;

 private:
  bool is_voice(std::uint8_t payload_type) const noexcept;
  void prepare_recorder();
  void take_voice(const rtp_packet& packet, time_point arrived_at, const onward* pass);
  void forward(const rtp_header& header, std::span<const std::byte> payload, const onward& pass,
               time_point at);
  std::chrono::milliseconds network_delay() const noexcept;

  leg_parameters parameters_;
  packet_sink rtp_;
  packet_sink rtcp_;
  int rate_hz_ = 0;
  reception reception_;
  std::unique_ptr<voice_receiver> receiver_;
  packet_recorder* recorder_ = nullptr;
  voice_sender sender_;
  telephone_event_receiver events_;
  bool takes_any_stream_;
  std::chrono::milliseconds lasts_{20};  // the latest packet of Opus that was received
  leg_statistics counted_;
  packet_fate fate_ = packet_fate::taken;
  struct other_coding {
    std::uint8_t payload_type;
    std::uint16_t next;  // the number after its last packet
  };
  std::optional<other_coding> other_coding_;   // the last packet of an alternative
  std::optional<std::int32_t> reported_lost_;  // of what we send, in all
  std::int64_t lost_beyond_ = 0;
  double loss_expected_ = 0;  // of what we send, 0..1
  time_point report_at_{};
  std::uint64_t packets_reported_ = 0;
  std::array<std::byte, rtcp_packet_max_bytes> report_{};
};

}  // namespace tollgate::pstn::media
