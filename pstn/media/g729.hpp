// SPDX-License-Identifier: Apache-2.0
// G.729 Annex A with the comfort noise of Annex B, on bcg729, behind the interfaces of codec.hpp. Free of IO.
#pragma once

#include <memory>

#include "pstn/media/codec.hpp"

namespace tollgate::pstn::media {

// Both at 8 kHz; frames are multiples of 10 ms. The encoder sends voice frames only, whatever the far end
// says of annexb; the decoder always understands comfort noise frames.
std::unique_ptr<encoder> make_g729_encoder();
std::unique_ptr<decoder> make_g729_decoder();

}  // namespace tollgate::pstn::media
