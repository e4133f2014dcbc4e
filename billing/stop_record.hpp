// SPDX-License-Identifier: Apache-2.0
// What the gateway knows of a call when it has ended: the input of a settlement. Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "billing/rate.hpp"

namespace tollgate::billing {

enum class call_direction : std::uint8_t { out, in, voicemail, forward };
enum class call_side : std::uint8_t { caller, callee, gateway };

// "out", "in", "voicemail", "forward"; "caller", "callee", "gateway".
const char* to_string(call_direction value);
const char* to_string(call_side value);

// One trunk that the call was to go over: the INVITE that it had, or why it had none.
struct trunk_attempt {
  std::string trunk{};  // its name
  int sip_code = 0;      // 0: no INVITE was sent, `reason` says why ("full", "too_fast", "resting", …)
  std::string reason{};  // reason code or phrase
  std::chrono::system_clock::time_point at{};
  std::string target{};       // which one of those that its name leads to: "udp 192.0.2.1:5060"; empty: it has one
  std::string sip_call_id{};  // of the INVITE; empty: none was sent
  int q850_cause = 0;         // ITU-T Q.850, as the carrier said; 0: it did not
  std::optional<std::chrono::milliseconds> post_dial_delay{};  // INVITE to the first 18x or 2xx, if one came
  // Of an answer that nobody heard (it crossed our CANCEL, or had no media that we know): until our BYE was out. The
  // carrier charges that as any other.
  std::optional<std::chrono::milliseconds> connected{};
  std::optional<cost_rate> cost{};  // what it asks then, if that is known
  bool operator==(const trunk_attempt&) const = default;
};

// What its carrier charges for the time that it was connected; nothing where it was not, or nobody knows.
std::optional<money> cost_of(const trunk_attempt& attempt);

// One side of the media: as received by the gateway from there, and what that far end reports of what it
// receives.
struct media_record {
  std::uint64_t packets = 0;
  std::uint64_t lost = 0;
  double jitter_ms = 0;
  double mos = 0;  // estimated (ITU-T G.107), 1 … 4.5; 0: unknown
  std::optional<double>
      remote_loss{};  // 0 … 1, of all that it should have received; none: it did not report (RTCP)
  std::optional<double> remote_jitter_ms{};
  std::optional<double> round_trip_ms{};
  std::optional<double> remote_mos{};  // what it hears of the other side, estimated
  bool operator==(const media_record&) const = default;
};

// Texts from the network are bounded and made valid UTF-8 on the way to the database; numbers are clamped: a
// stop record is never refused for its content.
struct stop_record {
  using wall_time = std::chrono::system_clock::time_point;

  boost::uuids::uuid account_id{};
  boost::uuids::uuid call_id{};
  std::optional<boost::uuids::uuid>
      parent_call_id;  // forward: the inbound call that it continues (a leg has an id of its own)
  call_direction direction = call_direction::out;
  std::string caller{};  // E.164 or what the network said
  std::string callee{};
  std::optional<wall_time> started{};  // UTC of the gateway, for people; money is made from `talk` alone
  std::optional<wall_time> ringing{};
  std::optional<wall_time> answered{};
  std::optional<wall_time> ended{};
  std::chrono::milliseconds ring{0};  // steady clock: first ringing to answer or end
  std::chrono::milliseconds talk{0};  // steady clock: answer to end; 0: never answered
  std::optional<std::chrono::milliseconds>
      post_dial_delay;  // steady clock: INVITE sent to first ringing or answer
  std::string trunk{};  // name of the one that carried it
  std::vector<trunk_attempt> attempts{};
  int sip_code = 0;    // final one, 0: none
  int q850_cause = 0;  // ITU-T Q.850, 0: none
  call_side hung_up_by = call_side::gateway;
  std::string reason{};  // reason code: "normal", "busy", "no_credit", …
  std::string overlay_codec{};
  std::string trunk_codec{};
  media_record from_overlay{};
  media_record from_trunk{};
  std::string srtp_profile{};
  std::string node{};  // of the gateway
  std::optional<cost_rate>
      cost{};  // of the trunk that carried it, frozen when the call began; none: not known
  std::string caller_verdict{};  // in: what its caller's signature amounted to; empty: nobody looked
  std::optional<boost::uuids::uuid> carrier_id{};  // whose `trunk` was in the moment of the call; none: no trunk
  bool operator==(const stop_record&) const = default;
};

// One line of JSON, for a spool on disk. Times with microseconds.
std::string to_json(const stop_record& record);

// Reads back what to_json wrote. error::malformed for anything else, however it is broken.
boost::system::result<stop_record> parse_stop_record(std::string_view json);

}  // namespace tollgate::billing
