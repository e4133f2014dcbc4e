// SPDX-License-Identifier: Apache-2.0
// Which class carries out which codec. Free of IO.
#include "pstn/media/codec.hpp"

#include "pstn/media/error.hpp"
#include "pstn/media/g711.hpp"
#include "pstn/media/g722.hpp"
#include "pstn/media/g726.hpp"
#include "pstn/media/g729.hpp"
#include "pstn/media/gsm.hpp"
#include "pstn/media/opus.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr int narrowband_hz = 8000;

template <typename pointer>
boost::system::result<pointer> checked(pointer made) {
  if (made == nullptr) return media_error::codec_unsupported;
  return made;
}

std::unique_ptr<encoder> encoder_of(const codec_description& codec, int rate_hz) {
  switch (codec.id) {
    case codec_id::pcma:
    case codec_id::pcmu:
      return rate_hz == narrowband_hz ? make_g711_encoder(codec.id) : nullptr;
    case codec_id::g722:
      return make_g722_encoder(rate_hz);
    case codec_id::g726_32:
      return rate_hz == narrowband_hz ? make_g726_encoder() : nullptr;
    case codec_id::gsm:
      return rate_hz == narrowband_hz ? make_gsm_encoder() : nullptr;
    case codec_id::g729:
      return rate_hz == narrowband_hz ? make_g729_encoder() : nullptr;
    case codec_id::opus:
      return make_opus_encoder(codec, rate_hz);
  }
  return nullptr;
}

std::unique_ptr<decoder> decoder_of(const codec_description& codec, int rate_hz) {
  switch (codec.id) {
    case codec_id::pcma:
    case codec_id::pcmu:
      return rate_hz == narrowband_hz ? make_g711_decoder(codec.id) : nullptr;
    case codec_id::g722:
      return make_g722_decoder(rate_hz);
    case codec_id::g726_32:
      return rate_hz == narrowband_hz ? make_g726_decoder() : nullptr;
    case codec_id::gsm:
      return rate_hz == narrowband_hz ? make_gsm_decoder() : nullptr;
    case codec_id::g729:
      return rate_hz == narrowband_hz ? make_g729_decoder() : nullptr;
    case codec_id::opus:
      return make_opus_decoder(rate_hz);
  }
  return nullptr;
}

}  // namespace

bool codec_available(codec_id id) {
  return id != codec_id::g729 || make_g729_decoder() != nullptr;
}

boost::system::result<std::unique_ptr<encoder>> make_encoder(const codec_description& codec, int rate_hz) {
  return checked(encoder_of(codec, rate_hz));
}

boost::system::result<std::unique_ptr<decoder>> make_decoder(const codec_description& codec, int rate_hz) {
  return checked(decoder_of(codec, rate_hz));
}

}  // namespace tollgate::pstn::media
