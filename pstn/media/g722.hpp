// SPDX-License-Identifier: Apache-2.0
// G.722 at 64 kbit/s, on SpanDSP, behind the interfaces of codec.hpp. Free of IO.
#pragma once

#include <memory>

#include "pstn/media/codec.hpp"

namespace tollgate::pstn::media {

// rate_hz: 16000, or 8000 for a narrowband other end (the upper sub-band is then empty, or left out); nullptr
// for any other.
std::unique_ptr<encoder> make_g722_encoder(int rate_hz);
std::unique_ptr<decoder> make_g722_decoder(int rate_hz);

}  // namespace tollgate::pstn::media
