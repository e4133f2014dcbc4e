// SPDX-License-Identifier: Apache-2.0
// G.726 at 32 kbit/s as RTP's G726-32, on SpanDSP, behind the interfaces of codec.hpp. Free of IO.
#pragma once

#include <memory>

#include "pstn/media/codec.hpp"

namespace tollgate::pstn::media {

// Both at 8 kHz.
std::unique_ptr<encoder> make_g726_encoder();
std::unique_ptr<decoder> make_g726_decoder();

}  // namespace tollgate::pstn::media
