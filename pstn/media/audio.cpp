// SPDX-License-Identifier: Apache-2.0
// Sources that play from memory. Free of IO.
#include "pstn/media/audio.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "pstn/media/resampler.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr double level_least_dbfs = -96;

class pcm_source final : public audio_source {
 public:
  explicit pcm_source(std::shared_ptr<const pcm_audio> audio) : audio_(std::move(audio)) {}

  std::size_t read(std::span<std::int16_t> frame, int rate_hz) override {
    if (rate_hz != resampler_.to_hz()) resampler_ = resampler(audio_->rate_hz, rate_hz);
    std::size_t done = 0;
    while (done < frame.size()) {
      const auto rest = std::span(audio_->samples).subspan(position_);
      const auto [taken, given] = resampler_.process(rest, frame.subspan(done));
      position_ += taken;
      done += given;
      if (taken > 0 || given > 0) continue;
      // The source is used up: what the resampler still holds comes out behind silence.
      const std::size_t tail = resampler_.flush(frame.subspan(done));
      if (tail == 0) break;
      done += tail;
    }
    std::fill(frame.begin() + static_cast<std::ptrdiff_t>(done), frame.end(), std::int16_t{0});
    return done;
  }

 private:
  std::shared_ptr<const pcm_audio> audio_;
  std::size_t position_ = 0;
  resampler resampler_;
};

class sequence final : public audio_source {
 public:
  explicit sequence(std::vector<std::shared_ptr<audio_source>> parts) : parts_(std::move(parts)) {}

  std::size_t read(std::span<std::int16_t> frame, int rate_hz) override {
    std::size_t done = 0;
    while (done < frame.size() && next_ < parts_.size()) {
      const auto rest = frame.subspan(done);
      const std::size_t count = parts_[next_] ? std::min(parts_[next_]->read(rest, rate_hz), rest.size()) : 0;
      if (count < rest.size()) ++next_;
      done += count;
    }
    std::fill(frame.begin() + static_cast<std::ptrdiff_t>(done), frame.end(), std::int16_t{0});
    return done;
  }

 private:
  std::vector<std::shared_ptr<audio_source>> parts_;
  std::size_t next_ = 0;
};

}  // namespace

std::shared_ptr<audio_source> make_pcm_source(std::shared_ptr<const pcm_audio> audio) {
  return std::make_shared<pcm_source>(std::move(audio));
}

std::shared_ptr<audio_source> make_sequence(std::vector<std::shared_ptr<audio_source>> parts) {
  return std::make_shared<sequence>(std::move(parts));
}

double level_dbfs(std::span<const std::int16_t> samples) noexcept {
  if (samples.empty()) return level_least_dbfs;
  double power = 0;
  for (const std::int16_t sample : samples)
    power += static_cast<double>(sample) * sample;
  power /= static_cast<double>(samples.size()) * 32768.0 * 32768.0;
  return power > 0 ? std::max(10 * std::log10(power), level_least_dbfs) : level_least_dbfs;
}

}  // namespace tollgate::pstn::media
