// SPDX-License-Identifier: Apache-2.0
// What may go wrong in pstn/media with bytes, files and keys that come from outside: one error enum for the
// room.
#pragma once

#include <boost/system/error_code.hpp>
#include <type_traits>

namespace tollgate::pstn::media {

enum class media_error {
  sdp_too_large = 1,  // more than the bounds of session_description.hpp allow
  sdp_malformed,      // a line that RFC 8866 does not allow, or a mandatory line is absent
  packet_malformed,   // not RTP or RTCP, or its lengths contradict each other
  srtp_key_invalid,   // key and salt of the wrong size for the profile, or refused by the library
  srtp_refused,       // authentication failed, or the packet cannot be protected
  srtp_replayed,      // the packet was received before, or is older than the replay window
  codec_unsupported,  // no such codec, or not with this clock rate
  file_unreadable,    // absent, not audio, or of a kind that is not supported
  file_unwritable,    // cannot be created or written
};

const boost::system::error_category& media_category() noexcept;
boost::system::error_code make_error_code(media_error error) noexcept;

}  // namespace tollgate::pstn::media

template <>
struct boost::system::is_error_code_enum<tollgate::pstn::media::media_error> : std::true_type {};
