// SPDX-License-Identifier: Apache-2.0
// GSM full rate (06.10), on SpanDSP, behind the interfaces of codec.hpp. Free of IO.
#pragma once

#include <memory>

#include "pstn/media/codec.hpp"

namespace tollgate::pstn::media {

// Both at 8 kHz; frames are multiples of 20 ms.
std::unique_ptr<encoder> make_gsm_encoder();
std::unique_ptr<decoder> make_gsm_decoder();

}  // namespace tollgate::pstn::media
