// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/error.hpp"

#include <string>

namespace tollgate::pstn::sip {
namespace {

const char* text_of(sdp_error error) {
  switch (error) {
    case sdp_error::malformed:
      return "malformed session description";
    case sdp_error::no_audio:
      return "no audio in the session description";
    case sdp_error::unsupported_transport:
      return "audio is not carried by RTP/AVP";
    case sdp_error::no_address:
      return "no usable address in the session description";
    case sdp_error::no_common_codec:
      return "no common codec";
    case sdp_error::not_encrypted:
      return "the media is not encrypted in a way that can be used";
    case sdp_error::not_an_answer:
      return "the answer does not fit the offer";
  }
  return "unknown SDP error";
}

// Boost declares the base's destructor protected and not virtual on purpose: categories are never destroyed
// through it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tollgate.sdp"; }
  std::string message(int value) const override { return text_of(static_cast<sdp_error>(value)); }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& sdp_category() noexcept {
  static const category instance;
  return instance;
}

boost::system::error_code make_error_code(sdp_error error) noexcept {
  return {static_cast<int>(error), sdp_category()};
}

}  // namespace tollgate::pstn::sip
