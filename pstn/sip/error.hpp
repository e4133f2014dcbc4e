// SPDX-License-Identifier: Apache-2.0
// What may be wrong with a far end's session description: one error enum for the room.
#pragma once

#include <boost/system/error_code.hpp>
#include <type_traits>

namespace tollgate::pstn::sip {

enum class sdp_error {
  malformed = 1,          ///< not RFC 8866, or beyond the parser's bounds
  no_audio,               ///< no audio section, or it was refused (port 0)
  unsupported_transport,  ///< audio, but neither RTP/AVP nor RTP/AVPF
  no_address,             ///< no IP literal of our own family to send to
  no_common_codec,        ///< none of our codecs is among theirs
  not_encrypted,          ///< plain RTP where SRTP is required, or SRTP without a key that can be used
  not_an_answer,          ///< an answer with other media sections than the offer's (RFC 3264 §6)
};

const boost::system::error_category& sdp_category() noexcept;
boost::system::error_code make_error_code(sdp_error error) noexcept;

}  // namespace tollgate::pstn::sip

template <>
struct boost::system::is_error_code_enum<tollgate::pstn::sip::sdp_error> : std::true_type {};
