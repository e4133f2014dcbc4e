// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/media_counters.hpp"

#include "pstn/media/error.hpp"

namespace tollgate::gateway::call {

std::string_view to_string(bad_packet why) noexcept {
  switch (why) {
    case bad_packet::foreign_address:
      return "foreign_address";
    case bad_packet::wrong_ssrc:
      return "wrong_ssrc";
    case bad_packet::srtp_authentication:
      return "srtp_authentication";
    case bad_packet::srtp_replay:
      return "srtp_replay";
    case bad_packet::malformed:
      return "malformed";
    case bad_packet::oversized:
      return "oversized";
  }
  return "";
}

bad_packet reason_of(const boost::system::error_code& error) noexcept {
  using pstn::media::media_error;
  if (error == media_error::srtp_replayed) return bad_packet::srtp_replay;
  if (error == media_error::packet_malformed) return bad_packet::malformed;
  return bad_packet::srtp_authentication;
}

}  // namespace tollgate::gateway::call
