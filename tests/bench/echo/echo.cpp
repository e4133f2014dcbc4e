// SPDX-License-Identifier: Apache-2.0
// µs of CPU that a call's line echo canceller takes for each frame of 20 ms, by rate and tail, while it looks
// for the echo and once it cancels, a line each; and, in the last line, what the detector of digits in the
// voice takes.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <random>
#include <vector>

#include "pstn/media/echo_canceller.hpp"
#include "pstn/media/inband_digits.hpp"

namespace {

using namespace std::chrono_literals;
namespace media = tollgate::pstn::media;

double cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// Noise in syllables: the filter has to work, and pauses are as in speech.
std::vector<std::int16_t> babble(std::size_t count, int rate_hz) {
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 3000);
  std::vector<std::int16_t> samples(count);
  double low = 0;
  for (std::size_t i = 0; i < count; ++i) {
    low += (noise(random) - low) * 0.5;
    const bool voiced = i / static_cast<std::size_t>(rate_hz / 4) % 3 != 2;
    samples[i] = static_cast<std::int16_t>(std::clamp(voiced ? low : 0.0, -32000.0, 32000.0));
  }
  return samples;
}

struct cost {
  double looking_us, cancelling_us;
};

cost echo(int rate_hz, std::chrono::milliseconds tail) {
  const std::size_t frame = static_cast<std::size_t>(rate_hz) / 50;
  const auto sent = babble(frame * 50 * 60, rate_hz);
  const std::size_t delay = static_cast<std::size_t>(rate_hz) / 10;
  media::echo_canceller canceller(rate_hz, tail);
  cost result{0, 0};
  double looking = 0, cancelling = 0;
  std::vector<std::int16_t> heard(frame);
  for (std::size_t at = 0; at + frame <= sent.size(); at += frame) {
    for (std::size_t i = 0; i < frame; ++i)
      heard[i] = at + i >= delay ? static_cast<std::int16_t>(sent[at + i - delay] / 3) : std::int16_t{0};
    const bool found = canceller.delay().has_value();
    const double before = cpu_us();
    canceller.sent(std::span(sent).subspan(at, frame));
    canceller.process(heard, static_cast<std::int64_t>(at));
    (found ? result.cancelling_us : result.looking_us) += cpu_us() - before;
    (found ? cancelling : looking) += 1;
  }
  result.looking_us /= std::max(looking, 1.0);
  result.cancelling_us /= std::max(cancelling, 1.0);
  return result;
}

double digits_us() {
  const auto heard = babble(8000 * 60, 8000);
  media::inband_digit_detector detector;
  media::tone_remover remover;
  std::vector<std::int16_t> frame(160);
  const double before = cpu_us();
  std::size_t frames = 0;
  for (std::size_t at = 0; at + 160 <= heard.size(); at += 160, ++frames) {
    std::copy_n(heard.begin() + static_cast<std::ptrdiff_t>(at), 160, frame.begin());
    detector.take(frame);
    remover.process(frame, detector.sounding());
  }
  return (cpu_us() - before) / static_cast<double>(frames);
}

}  // namespace

int main() {
  for (const int rate_hz : {8000, 16000})
    for (const auto tail : {32ms, 64ms, 128ms, 256ms}) {
      const cost one = echo(rate_hz, tail);
      std::printf("%d %d %.1f %.1f\n", rate_hz, static_cast<int>(tail.count()), one.looking_us,
                  one.cancelling_us);
    }
  std::printf("%.2f\n", digits_us());
}
