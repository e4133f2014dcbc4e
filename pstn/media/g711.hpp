// SPDX-License-Identifier: Apache-2.0
// G.711 A-law and µ-law with concealment, on SpanDSP, behind the interfaces of codec.hpp. Free of IO.
#pragma once

#include <memory>

#include "pstn/media/codec.hpp"

namespace tollgate::pstn::media {

std::unique_ptr<encoder> make_g711_encoder(codec_id law);
std::unique_ptr<decoder> make_g711_decoder(codec_id law);

}  // namespace tollgate::pstn::media
