// SPDX-License-Identifier: Apache-2.0
// Which class carries out which codec. Free of IO.
#include "pstn/media/codec.hpp"

#include "pstn/media/error.hpp"
#include "pstn/media/g711.hpp"
#include "pstn/media/opus.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr int g711_rate_hz = 8000;

template <typename pointer>
boost::system::result<pointer> checked(pointer made) {
  if (made == nullptr) return media_error::codec_unsupported;
  return made;
}

}  // namespace

boost::system::result<std::unique_ptr<encoder>> make_encoder(const codec_description& codec, int rate_hz) {
  if (codec.id == codec_id::opus) return checked(make_opus_encoder(codec, rate_hz));
  return checked(rate_hz == g711_rate_hz ? make_g711_encoder(codec.id) : nullptr);
}

boost::system::result<std::unique_ptr<decoder>> make_decoder(const codec_description& codec, int rate_hz) {
  if (codec.id == codec_id::opus) return checked(make_opus_decoder(rate_hz));
  return checked(rate_hz == g711_rate_hz ? make_g711_decoder(codec.id) : nullptr);
}

}  // namespace tollgate::pstn::media
