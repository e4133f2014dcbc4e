// SPDX-License-Identifier: Apache-2.0
// Line echo canceller on speexdsp, with its own alignment. Free of IO.
#include "pstn/media/echo_canceller.hpp"

#include <spandsp.h>
#include <speex/speex_echo.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <vector>

#include "pstn/media/audio.hpp"
#include "pstn/media/echo_delay.hpp"

namespace tollgate::pstn::media {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds before_echo{
    16};  // of the filter, ahead of where the correlation is greatest: hybrids disperse
constexpr milliseconds moved_by{6};         // more than this, and the filter follows
constexpr milliseconds restart_after{300};  // positions that jump by this much belong to another stream
constexpr int frames_between_looks = 4;     // once the echo is found
constexpr double worse_by = 2;              // power: what the filter must not make of a frame
constexpr double modem_ended_dbfs = -45;    // G.168 §7: 36 dB below 0 dBm0 and more
constexpr milliseconds modem_ended_after{400};
constexpr std::size_t longest_frame = 960;  // 60 ms at 16 kHz

struct speex_delete {
  void operator()(SpeexEchoState* filter) const noexcept { speex_echo_state_destroy(filter); }
};
struct detector_delete {
  void operator()(modem_connect_tones_rx_state_t* detector) const noexcept {
    modem_connect_tones_rx_free(detector);
  }
};

double power(std::span<const std::int16_t> samples) {
  double sum = 0;
  for (const std::int16_t sample : samples)
    sum += static_cast<double>(sample) * sample;
  return sum;
}

}  // namespace

struct echo_canceller::state {
  state(int rate, milliseconds tail_wanted)
      : rate_hz(rate),
        decimation(rate / echo_delay::rate_hz),
        tail(std::clamp(tail_wanted, milliseconds(32), milliseconds(256))),
        reference(std::bit_ceil(samples(longest_delay + milliseconds(500)))),
        sent_low(echo_delay::lags + 120) {
    if (rate == 8000)
      modem.reset(
          modem_connect_tones_rx_init(nullptr, MODEM_CONNECT_TONES_ANS_PR, &state::tone_changed, this));
  }

  int rate_hz;
  int decimation;
  milliseconds tail;

  std::vector<std::int16_t> reference;  // ring of what was sent
  std::int64_t sent_total = 0;

  std::optional<std::int64_t> base;  // sample sent = position + base - lag
  echo_delay finder;
  std::vector<float> sent_low;  // for the finder
  std::array<float, 120> received_low{};
  int until_look = 0;
  std::optional<std::int64_t> lag;  // of the echo, samples

  std::unique_ptr<SpeexEchoState, speex_delete> filter;
  std::size_t chunk = 0;
  std::array<std::int16_t, longest_frame> played{};
  std::array<std::int16_t, longest_frame> cleaned{};

  std::unique_ptr<modem_connect_tones_rx_state_t, detector_delete> modem;
  bool modem_talks = false;
  milliseconds modem_quiet{0};

  std::size_t samples(milliseconds time) const {
    return static_cast<std::size_t>(time.count()) * static_cast<std::size_t>(rate_hz) / 1000;
  }
  std::int64_t signed_samples(milliseconds time) const { return static_cast<std::int64_t>(samples(time)); }
  std::int16_t sent_at(std::int64_t index) const {
    const auto size = static_cast<std::int64_t>(reference.size());
    if (index < 0 || index >= sent_total || index < sent_total - size) return 0;
    return reference[static_cast<std::size_t>(index & (size - 1))];
  }

  static void tone_changed(void* user, int tone, int, int) {
    if (tone != MODEM_CONNECT_TONES_NONE) static_cast<state*>(user)->modem_talks = true;
  }

  void follow(std::int64_t position);
  void look(std::span<const std::int16_t> frame, std::int64_t position);
  void watch_modem(std::span<const std::int16_t> frame);
  void cancel(std::span<std::int16_t> frame, std::int64_t position);
};

// Another stream has other positions.
void echo_canceller::state::follow(std::int64_t position) {
  const std::int64_t now = sent_total - position;
  if (base && std::abs(now - *base) <= signed_samples(restart_after)) return;
  base = now - (now + position) % decimation;
  lag.reset();
  finder.restart();
}

void echo_canceller::state::look(std::span<const std::int16_t> frame, std::int64_t position) {
  if (until_look-- > 0) return;
  until_look = lag ? frames_between_looks - 1 : 0;
  const std::size_t count = frame.size() / static_cast<std::size_t>(decimation);
  if (count > received_low.size()) return;
  // Means of a few samples, and of those the differences: speech becomes whiter, its peaks narrower.
  const auto lowered = [this](auto&& sample_at, std::int64_t at) {
    float sum = 0;
    for (int i = 0; i < decimation; ++i)
      sum += static_cast<float>(sample_at(at + i));
    return sum / static_cast<float>(decimation);
  };
  const auto received_at = [&](std::int64_t at) { return frame[static_cast<std::size_t>(at)]; };
  float before = lowered(received_at, 0);
  for (std::size_t n = 0; n < count; ++n) {
    const float now = lowered(received_at, static_cast<std::int64_t>(n) * decimation);
    received_low[n] = now - 0.9F * before;
    before = now;
  }
  const std::size_t wanted = echo_delay::lags + count;
  const std::int64_t first = position + *base - static_cast<std::int64_t>(echo_delay::lags) * decimation;
  const auto reference_at = [this](std::int64_t at) { return sent_at(at); };
  before = lowered(reference_at, first - decimation);
  for (std::size_t n = 0; n < wanted; ++n) {
    const float now = lowered(reference_at, first + static_cast<std::int64_t>(n) * decimation);
    sent_low[n] = now - 0.9F * before;
    before = now;
  }
  const auto found = finder.take(std::span(received_low).first(count), std::span(sent_low).first(wanted));
  if (!found) return;
  const std::int64_t at = static_cast<std::int64_t>(*found) * decimation;
  // The filter covers more than one place, and to move it is to begin anew: a little off is left as it is.
  if (lag && std::abs(at - *lag) <= signed_samples(moved_by)) return;
  lag = at;
  if (filter) speex_echo_state_reset(filter.get());
}

void echo_canceller::state::watch_modem(std::span<const std::int16_t> frame) {
  if (!modem) return;
  if (!modem_talks) {
    modem_connect_tones_rx(modem.get(), frame.data(), static_cast<int>(frame.size()));
    modem_quiet = milliseconds(0);
    return;
  }
  modem_quiet = level_dbfs(frame) < modem_ended_dbfs
                    ? modem_quiet + milliseconds(static_cast<int>(frame.size()) * 1000 / rate_hz)
                    : milliseconds(0);
  if (modem_quiet < modem_ended_after) return;
  modem_talks = false;
  modem_connect_tones_rx_init(modem.get(), MODEM_CONNECT_TONES_ANS_PR, &state::tone_changed, this);
}

void echo_canceller::state::cancel(std::span<std::int16_t> frame, std::int64_t position) {
  const std::size_t ten_ms = samples(milliseconds(10));
  const std::size_t wanted = frame.size() % (2 * ten_ms) == 0 ? 2 * ten_ms : ten_ms;
  if (frame.size() % wanted != 0) return;
  if (!filter || chunk != wanted) {
    chunk = wanted;
    filter.reset(speex_echo_state_init(static_cast<int>(chunk), static_cast<int>(samples(tail))));
    speex_echo_ctl(filter.get(), SPEEX_ECHO_SET_SAMPLING_RATE, &rate_hz);
  }
  std::int64_t at = position + *base - *lag + signed_samples(before_echo);
  for (std::size_t done = 0; done < frame.size(); done += chunk) {
    for (std::size_t i = 0; i < chunk; ++i)
      played[i] = sent_at(at++);
    const auto heard = frame.subspan(done, chunk);
    speex_echo_cancellation(filter.get(), heard.data(), played.data(), cleaned.data());
    const auto clean = std::span(cleaned).first(chunk);
    // A filter that has gone astray must not be louder than what it should clean.
    if (power(clean) <= worse_by * power(heard)) std::copy(clean.begin(), clean.end(), heard.begin());
  }
}

echo_canceller::echo_canceller(int rate_hz, milliseconds tail)
    : state_(std::make_unique<state>(rate_hz, tail)) {}
echo_canceller::echo_canceller(echo_canceller&&) noexcept = default;
echo_canceller& echo_canceller::operator=(echo_canceller&&) noexcept = default;
echo_canceller::~echo_canceller() = default;

int echo_canceller::rate_hz() const noexcept {
  return state_->rate_hz;
}

void echo_canceller::sent(std::span<const std::int16_t> frame) {
  const std::size_t mask = state_->reference.size() - 1;
  for (const std::int16_t sample : frame)
    state_->reference[static_cast<std::size_t>(state_->sent_total++) & mask] = sample;
}

void echo_canceller::sent_silence(std::size_t samples) {
  const std::size_t mask = state_->reference.size() - 1;
  for (; samples > 0; --samples)
    state_->reference[static_cast<std::size_t>(state_->sent_total++) & mask] = 0;
}

void echo_canceller::process(std::span<std::int16_t> frame, std::optional<std::int64_t> position) {
  if (!position || frame.empty() || frame.size() > longest_frame) return;
  state_->watch_modem(frame);
  state_->follow(*position);
  if (state_->modem_talks) return;
  state_->look(frame, *position);
  if (state_->lag) state_->cancel(frame, *position);
}

std::optional<milliseconds> echo_canceller::delay() const noexcept {
  if (!state_->lag) return std::nullopt;
  return milliseconds(*state_->lag * 1000 / state_->rate_hz);
}

bool echo_canceller::bypassed() const noexcept {
  return state_->modem_talks;
}

}  // namespace tollgate::pstn::media
