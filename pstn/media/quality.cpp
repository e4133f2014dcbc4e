// SPDX-License-Identifier: Apache-2.0
// The E-model: echo, delay, codec and loss (ITU-T G.107 §7). Free of IO.
#include "pstn/media/quality.hpp"

#include <algorithm>
#include <cmath>

namespace tollgate::pstn::media {
namespace {

constexpr double rating_default = 93.2;    // G.107 §7.7: no delay, no coding
constexpr double signal_to_noise = 94.77;  // Ro of the default values, §7.2; Roe is the same but for rounding
constexpr double talker_echo_loudness_db = 65;  // TELR
constexpr double echo_path_loss_db = 110;       // WEPL

struct impairment {
  double equipment;   // Ie
  double robustness;  // Bpl
};

// G.113 Appendix I. Compared with public implementations that cite its edition of 02/2001: 0 and 25.1 for
// G.711 with concealment, 11 and 19 for G.729A with VAD. Of the other figures no second source was at hand.
// Where it has no Bpl, that of the kindred codec is taken.
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
      return {0, 20};  // not in G.113: transparent in narrowband, concealment a little weaker than G.711's
  }
  return {0, 4.3};  // G.711 without concealment
}

// Idte, §7.4: the talker hears his own echo.
double impaired_by_talker_echo(double delay_ms) noexcept {
  if (delay_ms < 1) return 0;
  const double masked = talker_echo_loudness_db -
                        40 * std::log10((1 + delay_ms / 10) / (1 + delay_ms / 150)) +
                        6 * std::exp(-0.3 * delay_ms * delay_ms);
  const double half = (signal_to_noise - (80 + 2.5 * (masked - 14))) / 2;
  return (half + std::sqrt(half * half + 100) - 1) * (1 - std::exp(-delay_ms));
}

// Idle, §7.4: the listener hears the talker twice.
double impaired_by_listener_echo(double round_trip_ms) noexcept {
  const double echo = 10.5 * (echo_path_loss_db + 7) * std::pow(round_trip_ms + 1, -0.25);
  const double half = (signal_to_noise - echo) / 2;
  return half + std::sqrt(half * half + 169);
}

// Idd, §7.4: nobody answers.
double impaired_by_absolute_delay(double delay_ms) noexcept {
  if (delay_ms <= 100) return 0;
  const double x = std::log2(delay_ms / 100);
  return 25 * (std::pow(1 + std::pow(x, 6), 1.0 / 6) - 3 * std::pow(1 + std::pow(x / 3, 6), 1.0 / 6) + 2);
}

// Ie,eff, §7.5.
double impaired_by_coding(const stream_quality& stream) noexcept {
  const auto [equipment, robustness] = impairment_of(stream.codec);
  const double percent = std::clamp(stream.loss, 0.0, 1.0) * 100;
  return equipment + (95 - equipment) * percent / (percent / std::max(stream.burst_ratio, 1.0) + robustness);
}

}  // namespace

double rating_factor(std::span<const stream_quality> streams, std::chrono::milliseconds one_way) noexcept {
  const auto delay_ms = static_cast<double>(std::max(one_way, std::chrono::milliseconds(0)).count());
  double rating = rating_default;
  rating -= impaired_by_talker_echo(delay_ms);
  // What is there without any delay is in the default rating.
  rating -= impaired_by_listener_echo(2 * delay_ms) - impaired_by_listener_echo(0);
  rating -= impaired_by_absolute_delay(delay_ms);
  for (const stream_quality& each : streams)
    rating -= impaired_by_coding(each);
  return std::clamp(rating, 0.0, rating_default);
}

double rating_factor(const stream_quality& stream, std::chrono::milliseconds one_way) noexcept {
  return rating_factor({&stream, 1}, one_way);
}

double mos_of_rating(double rating) noexcept {
  if (rating <= 0) return 1;
  if (rating >= 100) return 4.5;
  return std::max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6);
}

}  // namespace tollgate::pstn::media
