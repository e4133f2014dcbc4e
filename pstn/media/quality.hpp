// SPDX-License-Identifier: Apache-2.0
// Estimated listening quality by the E-model (ITU-T G.107, with the codec's figures of G.113 Appendix I).
// Free of IO.
#pragma once

#include <chrono>

#include "pstn/media/codec_description.hpp"

namespace tollgate::pstn::media {

// Transmission rating R, 0..93.2, from what packets suffer: `loss` is the fraction (0..1) that was not
// played, random; `one_way` is the delay from mouth to ear.
double rating_factor(codec_id codec, double loss, std::chrono::milliseconds one_way) noexcept;

// Mean opinion score 1..4.5 of a rating (G.107 Annex B).
double mos_of_rating(double rating) noexcept;

}  // namespace tollgate::pstn::media
