// SPDX-License-Identifier: Apache-2.0
// Making and comparing speech-like sound.
#include "speech.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace tollgate::pstn::media::test {
namespace {

constexpr double pi = 3.14159265358979;
constexpr int rate_compared_hz = 8000;

double power(const std::int16_t* samples, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i)
    sum += static_cast<double>(samples[i]) * samples[i];
  return sum;
}

double likeness_at(const std::int16_t* played, const std::int16_t* heard, std::size_t length,
                   std::size_t stride) {
  double product = 0, of_played = 1, of_heard = 1;
  for (std::size_t i = 0; i < length; i += stride) {
    const double a = played[i], b = heard[i];
    product += a * b;
    of_played += a * a;
    of_heard += b * b;
  }
  return product / std::sqrt(of_played * of_heard);
}

// Every delay with every fifth sample first, then those around the best one in full.
piece best_match(const std::int16_t* played, const std::int16_t* heard, std::size_t length,
                 std::size_t delay_most) {
  std::size_t near = 0;
  double rough = -1;
  for (std::size_t delay = 0; delay < delay_most; ++delay) {
    const double likeness = likeness_at(played, heard + delay, length, 5);
    if (likeness <= rough) continue;
    rough = likeness;
    near = delay;
  }
  piece best{0, 0, -1, 0};
  for (std::size_t delay = near < 3 ? 0 : near - 3; delay < std::min(near + 4, delay_most); ++delay) {
    const double likeness = likeness_at(played, heard + delay, length, 1);
    if (likeness <= best.likeness) continue;
    best.likeness = likeness;
    best.delay_ms = static_cast<double>(delay) * 1000 / rate_compared_hz;
    best.level_db = 10 * std::log10((power(heard + delay, length) + 1) / (power(played, length) + 1));
  }
  return best;
}

}  // namespace

std::vector<std::int16_t> make_speech(double seconds, int rate_hz, unsigned seed) {
  std::mt19937 random(seed);
  const auto uniform = [&random](double low, double high) {
    return std::uniform_real_distribution(low, high)(random);
  };
  std::vector<double> sound(static_cast<std::size_t>(seconds * rate_hz));
  double at_s = 0.1;
  while (at_s < seconds) {
    const double length_s = uniform(0.12, 0.3);
    const double pitch_hz = uniform(100, 220), glide = uniform(-0.25, 0.25);
    const double first_hz = uniform(300, 800), second_hz = uniform(900, 2200), loudness = uniform(0.4, 1.0);
    const auto begin = static_cast<std::size_t>(at_s * rate_hz);
    const auto count = static_cast<std::size_t>(length_s * rate_hz);
    double phase = 0;
    for (std::size_t i = 0; i < count && begin + i < sound.size(); ++i) {
      const double part = static_cast<double>(i) / static_cast<double>(count);
      const double now_hz = pitch_hz * (1 + glide * part);
      phase += 2 * pi * now_hz / rate_hz;
      double value = 0;
      for (int harmonic = 1; harmonic * now_hz < 3200; ++harmonic) {
        const double hz = harmonic * now_hz;
        const double gain = std::exp(-std::pow((hz - first_hz) / 250, 2)) +
                            0.5 * std::exp(-std::pow((hz - second_hz) / 300, 2)) + 0.02;
        value += gain * std::sin(harmonic * phase);
      }
      sound[begin + i] += value * loudness * std::sin(pi * part);
    }
    at_s += length_s + (uniform(0, 1) < 0.2 ? uniform(0.2, 0.4) : uniform(0.01, 0.06));
  }
  const double peak = std::abs(*std::max_element(
      sound.begin(), sound.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
  std::vector<std::int16_t> samples(sound.size());
  std::transform(sound.begin(), sound.end(), samples.begin(),
                 [peak](double v) { return static_cast<std::int16_t>(v / peak * 16000); });
  return samples;
}

comparison compare(const std::vector<std::int16_t>& played, const std::vector<std::int16_t>& heard,
                   double delay_max_ms) {
  comparison result;
  const std::size_t length = rate_compared_hz;
  const auto delay_most = static_cast<std::size_t>(delay_max_ms * rate_compared_hz / 1000);
  const double mean_power = power(played.data(), played.size()) / static_cast<double>(played.size());
  for (std::size_t begin = 0; begin + length + delay_most <= std::min(played.size(), heard.size());
       begin += length) {
    const double of_played = power(&played[begin], length);
    if (of_played / static_cast<double>(length) < mean_power / 20) continue;
    result.pieces.push_back(best_match(&played[begin], &heard[begin], length, delay_most));
    result.pieces.back().at_s = static_cast<double>(begin) / rate_compared_hz;
  }
  return result;
}

double comparison::delay_ms() const {
  std::vector<double> delays;
  for (const piece& each : pieces)
    delays.push_back(each.delay_ms);
  if (delays.empty()) return -1;
  std::sort(delays.begin(), delays.end());
  return delays[delays.size() / 2];
}

double comparison::delay_spread_ms() const {
  const auto [least, most] = std::minmax_element(
      pieces.begin(), pieces.end(), [](const piece& a, const piece& b) { return a.delay_ms < b.delay_ms; });
  return pieces.empty() ? 1e9 : most->delay_ms - least->delay_ms;
}

double comparison::least_likeness() const {
  double least = pieces.empty() ? 0 : 1;
  for (const piece& each : pieces)
    least = std::min(least, each.likeness);
  return least;
}

double comparison::mean_likeness() const {
  double sum = 0;
  for (const piece& each : pieces)
    sum += each.likeness;
  return pieces.empty() ? 0 : sum / static_cast<double>(pieces.size());
}

double comparison::level_db() const {
  double sum = 0;
  for (const piece& each : pieces)
    sum += each.level_db;
  return pieces.empty() ? -100 : sum / static_cast<double>(pieces.size());
}

std::vector<std::int16_t> halved(const std::vector<std::int16_t>& samples) {
  constexpr int taps = 63;
  double filter[taps];
  double sum = 0;
  for (int i = 0; i < taps; ++i) {
    const double x = (i - taps / 2) * 0.45;  // cut-off at 3.6 kHz
    filter[i] =
        (x == 0 ? 1 : std::sin(pi * x) / (pi * x)) * (0.54 - 0.46 * std::cos(2 * pi * i / (taps - 1)));
    sum += filter[i];
  }
  std::vector<std::int16_t> result(samples.size() / 2);
  for (std::size_t i = 0; i < result.size(); ++i) {
    double value = 0;
    for (int k = 0; k < taps; ++k) {
      const auto at = static_cast<std::ptrdiff_t>(2 * i) + k - taps / 2;
      if (at >= 0 && at < static_cast<std::ptrdiff_t>(samples.size()))
        value += filter[k] * samples[static_cast<std::size_t>(at)];
    }
    result[i] = static_cast<std::int16_t>(value / sum);
  }
  return result;
}

}  // namespace tollgate::pstn::media::test
