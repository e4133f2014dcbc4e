// SPDX-License-Identifier: Apache-2.0
// Text of the room's errors.
#include "pstn/media/error.hpp"

#include <string>

namespace tollgate::pstn::media {
namespace {

const char* text(media_error error) noexcept {
  switch (error) {
    case media_error::sdp_too_large:
      return "session description exceeds its bounds";
    case media_error::sdp_malformed:
      return "session description is malformed";
    case media_error::packet_malformed:
      return "packet is malformed";
    case media_error::srtp_key_invalid:
      return "SRTP key is invalid";
    case media_error::srtp_refused:
      return "SRTP packet was refused";
    case media_error::srtp_replayed:
      return "SRTP packet was received before";
    case media_error::codec_unsupported:
      return "codec is not supported";
    case media_error::file_unreadable:
      return "audio file cannot be read";
    case media_error::file_unwritable:
      return "audio file cannot be written";
  }
  return "unknown media error";
}

// Boost declares the base's destructor protected and not virtual on purpose: categories are never destroyed
// through it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tollgate.media"; }
  std::string message(int value) const override { return text(static_cast<media_error>(value)); }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& media_category() noexcept {
  static const category instance;
  return instance;
}

boost::system::error_code make_error_code(media_error error) noexcept {
  return {static_cast<int>(error), media_category()};
}

}  // namespace tollgate::pstn::media
