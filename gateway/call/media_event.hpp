// SPDX-License-Identifier: Apache-2.0
// What a call's media tells its signalling: values, posted from the media worker to the signalling thread.
#pragma once

#include <chrono>
#include <string>
#include <variant>

#include "pstn/media/bridge.hpp"

namespace tollgate::gateway::call {

// Number of an overlay device within its call: 0 is the first that was added.
using device_index = std::size_t;

namespace media_event {
struct overlay_connected {  // DTLS is up: audio can flow
  device_index device;
  std::string srtp_profile;
};
struct overlay_failed {  // DTLS will not come up: wrong fingerprint, no acceptable profile, time-out
  device_index device;
  std::string why;
};
struct digit {  // RFC 4733, complete
  pstn::media::side from;
  char digit;
  std::chrono::milliseconds duration;
};
struct playback_finished {
  pstn::media::side toward;
};
struct sound {  // level of what is being recorded, a few times a second
  std::chrono::milliseconds duration;
  double level_dbov;
};
struct heard {  // the first of its RTP since it was connected
  pstn::media::side from;
};
struct silent {  // nothing at all was received from that side for as long as the configuration allows
  pstn::media::side from;
};
}  // namespace media_event

using media_message =
    std::variant<media_event::overlay_connected, media_event::overlay_failed, media_event::digit,
                 media_event::playback_finished, media_event::sound, media_event::heard,
                 media_event::silent>;

// What a call's media amounted to, for its CDR.
struct media_report {
  pstn::media::leg_statistics overlay;
  pstn::media::leg_statistics trunk;
  std::string srtp_profile;           // empty: no overlay leg came up
  std::uint64_t foreign_packets = 0;  // from a wrong address, unauthenticated or replayed: dropped
};

}  // namespace tollgate::gateway::call
