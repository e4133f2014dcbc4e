// SPDX-License-Identifier: Apache-2.0
// The E-model with all but delay, codec and loss at its default values (ITU-T G.107 §7). Free of IO.
#include "pstn/media/quality.hpp"

#include <algorithm>
#include <cmath>

namespace tollgate::pstn::media {
namespace {

constexpr double rating_default = 93.2;  // G.107 §7.7

struct impairment {
  double equipment;   // Ie
  double robustness;  // Bpl
};

impairment impairment_of(codec_id codec) noexcept {
  switch (codec) {
    case codec_id::pcma:
    case codec_id::pcmu:
      return {0, 25.1};  // G.113 Appendix I: G.711 with concealment
    case codec_id::g722:
      return {0, 20};  // in narrowband terms without fault; its concealment is our own
    case codec_id::g726_32:
      return {7, 20};  // G.113 Appendix I Table I.1; the robustness is not in it
    case codec_id::gsm:
      return {20, 10};  // the same; the robustness is that of GSM-EFR, of the same family of frames
    case codec_id::g729:
      return {11, 19};  // the same, of G.729 Annex A with Annex B
    case codec_id::opus:
      return {0, 20};  // no standardised figure: transparent in narrowband, concealment a little weaker
  }
  return {0, 4.3};
}

}  // namespace

double rating_factor(codec_id codec, double loss, std::chrono::milliseconds one_way) noexcept {
  const auto [equipment, robustness] = impairment_of(codec);
  const double percent = std::clamp(loss, 0.0, 1.0) * 100;
  const double effective =
      equipment + (95 - equipment) * percent / (percent + robustness);  // §7.5, random loss
  const double delay_ms = static_cast<double>(one_way.count());
  double impaired_by_delay = 0;  // Idd, §7.4
  if (delay_ms > 100) {
    const double x = std::log2(delay_ms / 100);
    impaired_by_delay =
        25 * (std::pow(1 + std::pow(x, 6), 1.0 / 6) - 3 * std::pow(1 + std::pow(x / 3, 6), 1.0 / 6) + 2);
  }
  return std::clamp(rating_default - impaired_by_delay - effective, 0.0, rating_default);
}

double mos_of_rating(double rating) noexcept {
  if (rating <= 0) return 1;
  if (rating >= 100) return 4.5;
  return std::max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6);
}

}  // namespace tollgate::pstn::media
