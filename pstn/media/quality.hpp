// SPDX-License-Identifier: Apache-2.0
// Estimated conversational quality by the E-model (ITU-T G.107, with the codecs' figures of G.113 Appendix
// I). Free of IO.
#pragma once

#include <chrono>
#include <span>

#include "pstn/media/codec_description.hpp"

namespace tollgate::pstn::media {

// One coded stream that the voice passes through.
struct stream_quality {
  codec_id codec = codec_id::pcma;
  double loss = 0;         // 0..1: share of the packets that were not played
  double burst_ratio = 1;  // G.107 §7.5, BurstR: length of the losses against that of random ones, at least 1
};

// Transmission rating R, 0..93.2, of voice that passes through `streams` one after the other; `one_way` is
// the delay from mouth to ear. All but codecs, losses and delay is at its default value (G.107 table 3: among
// them a talker echo loudness rating of 65 dB). Wideband codecs are put on the narrowband scale as
// transparent, which is the least that they are: the figures of one call are comparable whatever its codecs.
double rating_factor(std::span<const stream_quality> streams, std::chrono::milliseconds one_way) noexcept;
double rating_factor(const stream_quality& stream, std::chrono::milliseconds one_way) noexcept;

// Mean opinion score 1..4.5 of a rating (G.107 Annex B).
double mos_of_rating(double rating) noexcept;

}  // namespace tollgate::pstn::media
