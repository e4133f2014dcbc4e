// SPDX-License-Identifier: Apache-2.0
// Opus, mono, behind the interfaces of codec.hpp. Free of IO.
#pragma once

#include <memory>

#include "pstn/media/codec.hpp"

namespace tollgate::pstn::media {

// nullptr when libopus refuses the rate.
std::unique_ptr<encoder> make_opus_encoder(const codec_description& codec, int rate_hz);
std::unique_ptr<decoder> make_opus_decoder(int rate_hz);

}  // namespace tollgate::pstn::media
