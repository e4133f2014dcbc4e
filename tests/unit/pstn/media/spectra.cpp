// SPDX-License-Identifier: Apache-2.0
// Short-time spectra and the path of least distance through them.
#include "spectra.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>

namespace tollgate::pstn::media::test {
namespace {

constexpr std::size_t window = 256;     // samples: 32 ms
constexpr std::size_t hop = 80;         // 10 ms
constexpr std::size_t delay_step = 40;  // 5 ms
constexpr std::size_t band_count = 18;
constexpr double speech_below_mean_db = 15;  // a quieter frame is a pause
constexpr double floor_below_mean_db = 30;
constexpr double change_price_db = 15;  // of the delay: it must gain as much over the frames to come

using spectrum = std::array<float, band_count>;  // dB

// Fast Fourier transform of one window (radix 2, in place).
void transform(std::array<std::complex<double>, window>& x) {
  for (std::size_t i = 1, j = 0; i < window; ++i) {
    std::size_t bit = window >> 1;
    for (; (j & bit) != 0; bit >>= 1)
      j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  for (std::size_t length = 2; length <= window; length <<= 1) {
    const std::complex<double> root = std::polar(1.0, -2 * std::numbers::pi / static_cast<double>(length));
    for (std::size_t begin = 0; begin < window; begin += length) {
      std::complex<double> turn = 1;
      for (std::size_t k = 0; k < length / 2; ++k, turn *= root) {
        const auto even = x[begin + k], odd = x[begin + k + length / 2] * turn;
        x[begin + k] = even + odd;
        x[begin + k + length / 2] = even - odd;
      }
    }
  }
}

std::size_t band_edge(std::size_t band) {
  const auto mel = [](double hz) { return std::log(1 + hz / 700); };
  const double at = mel(100) + (mel(3900) - mel(100)) * static_cast<double>(band) / band_count;
  return static_cast<std::size_t>(std::lround((std::exp(at) - 1) * 700 * window / 8000));
}

std::array<double, band_count> powers_at(const std::vector<std::int16_t>& samples, std::size_t begin) {
  std::array<std::complex<double>, window> x;
  for (std::size_t i = 0; i < window; ++i) {
    const double hann = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / window);
    x[i] = begin + i < samples.size() ? samples[begin + i] * hann : 0;
  }
  transform(x);
  std::array<double, band_count> powers{};
  for (std::size_t band = 0; band < band_count; ++band) {
    const std::size_t first = band_edge(band), last = std::max(band_edge(band + 1), first + 1);
    for (std::size_t bin = first; bin < last; ++bin)
      powers[band] += std::norm(x[bin]);
  }
  return powers;
}

std::vector<spectrum> spectra_of(const std::vector<std::int16_t>& samples, std::size_t step,
                                 const std::array<double, band_count>& least) {
  std::vector<spectrum> all;
  for (std::size_t begin = 0; begin < samples.size(); begin += step) {
    const auto powers = powers_at(samples, begin);
    spectrum& in_db = all.emplace_back();
    for (std::size_t band = 0; band < band_count; ++band)
      in_db[band] = static_cast<float>(10 * std::log10(std::max(powers[band], least[band])));
  }
  return all;
}

double distance(const spectrum& a, const spectrum& b) {
  float sum = 0;
  for (std::size_t band = 0; band < band_count; ++band)
    sum += (a[band] - b[band]) * (a[band] - b[band]);
  return std::sqrt(sum / band_count);
}

double power_of(const std::vector<std::int16_t>& samples, std::size_t begin, std::size_t count) {
  double sum = 0;
  for (std::size_t i = begin; i < std::min(begin + count, samples.size()); ++i)
    sum += static_cast<double>(samples[i]) * samples[i];
  return sum / static_cast<double>(count);
}

}  // namespace

spectral_comparison compare_spectra(const std::vector<std::int16_t>& reference,
                                    const std::vector<std::int16_t>& heard, double from_s,
                                    double delay_least_ms, double delay_most_ms) {
  const double mean = power_of(reference, 0, reference.size());
  std::array<double, band_count> least{};
  std::size_t loud = 0;
  for (std::size_t begin = 0; begin + window <= reference.size(); begin += hop) {
    if (power_of(reference, begin, window) < mean / 4) continue;
    const auto powers = powers_at(reference, begin);
    for (std::size_t band = 0; band < band_count; ++band)
      least[band] += powers[band];
    ++loud;
  }
  for (double& each : least)
    each =
        each / static_cast<double>(std::max<std::size_t>(loud, 1)) * std::pow(10, -floor_below_mean_db / 10) +
        1;

  const auto of_reference = spectra_of(reference, hop, least);
  const auto of_heard = spectra_of(heard, delay_step, least);
  const auto first = static_cast<std::size_t>(from_s * 8000 / hop);
  const auto earliest = static_cast<std::ptrdiff_t>(delay_least_ms / 5);
  const auto delays = static_cast<std::size_t>((delay_least_ms + delay_most_ms) / 5) + 1;
  const auto heard_at = [&](std::size_t frame, std::size_t delay) {
    return static_cast<std::ptrdiff_t>(frame * (hop / delay_step) + delay) - earliest;
  };
  // Viterbi: the cheapest path to each delay; `from` remembers whether it stayed or came from the best one.
  std::size_t last = first;
  while (last < of_reference.size() && (last + 1) * hop + window <= reference.size() &&
         heard_at(last, delays - 1) < static_cast<std::ptrdiff_t>(of_heard.size()))
    ++last;
  std::vector<double> cost(delays, 0);
  std::vector<std::vector<std::uint16_t>> from(last - first, std::vector<std::uint16_t>(delays));
  std::vector<bool> speech(last - first);
  for (std::size_t frame = first; frame < last; ++frame) {
    speech[frame - first] =
        power_of(reference, frame * hop, window) >= mean * std::pow(10, -speech_below_mean_db / 10);
    const auto best = static_cast<std::size_t>(std::min_element(cost.begin(), cost.end()) - cost.begin());
    const double changed = cost[best] + change_price_db;
    for (std::size_t delay = 0; delay < delays; ++delay) {
      const bool stays = cost[delay] <= changed;
      from[frame - first][delay] = static_cast<std::uint16_t>(stays ? delay : best);
      const std::ptrdiff_t at = heard_at(frame, delay);
      cost[delay] = (stays ? cost[delay] : changed) +
                    (at < 0 ? 30.0 : distance(of_reference[frame], of_heard[static_cast<std::size_t>(at)]));
    }
  }
  spectral_comparison result;
  auto delay = static_cast<std::size_t>(std::min_element(cost.begin(), cost.end()) - cost.begin());
  std::vector<double> path;
  for (std::size_t frame = last; frame-- > first; delay = from[frame - first][delay]) {
    if (!speech[frame - first]) continue;
    const std::ptrdiff_t at = heard_at(frame, delay);
    const double apart =
        at < 0 ? 30.0 : distance(of_reference[frame], of_heard[static_cast<std::size_t>(at)]);
    result.distance_db += apart;
    result.damaged += apart > damage_db ? 1 : 0;
    path.push_back((static_cast<double>(delay) - static_cast<double>(earliest)) * 5);
    ++result.frames;
  }
  if (path.empty()) return result;
  result.distance_db /= static_cast<double>(result.frames);
  result.damaged /= static_cast<double>(result.frames);
  std::sort(path.begin(), path.end());
  result.delay_median_ms = path[path.size() / 2];
  result.delay_most_ms = path[path.size() * 99 / 100];
  return result;
}

int sharpest_bend(const std::vector<std::int16_t>& samples, std::size_t from) {
  int most = 0;
  for (std::size_t i = from + 1; i + 1 < samples.size(); ++i)
    most = std::max(most, std::abs(samples[i - 1] - 2 * samples[i] + samples[i + 1]));
  return most;
}

}  // namespace tollgate::pstn::media::test
