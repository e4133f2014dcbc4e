// SPDX-License-Identifier: Apache-2.0
// Recording to Ogg Opus in memory with libopusenc (RFC 7845). Free of IO.
#include <opusenc.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

#include "pstn/media/audio_file.hpp"
#include "pstn/media/recorder_input.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr int rate_hz = 16000;  // of the input; narrowband telephony is recognised by the encoder
constexpr int bitrate = 24'000;
constexpr int complexity = 5;
constexpr int family_mono_stereo = 0;  // RFC 7845 §5.1.1.1
constexpr std::size_t recent_samples = rate_hz;
constexpr double level_least_dbfs = -96;

struct encoder_delete {
  void operator()(OggOpusEnc* made) const noexcept { ope_encoder_destroy(made); }
};
struct comments_delete {
  void operator()(OggOpusComments* made) const noexcept { ope_comments_destroy(made); }
};

double to_dbfs(double mean_square) {
  return mean_square <= 0 ? level_least_dbfs
                          : std::max(10 * std::log10(mean_square / (32768.0 * 32768.0)), level_least_dbfs);
}

class recorder final : public opus_recorder {
 public:
  explicit recorder(std::chrono::milliseconds longest)
      : input_(rate_hz),
        left_(static_cast<std::size_t>(longest.count()) * rate_hz / 1000),
        recent_(recent_samples) {
    const std::unique_ptr<OggOpusComments, comments_delete> comments(ope_comments_create());
    const OpusEncCallbacks callbacks{&recorder::append, &recorder::closed};
    int error = OPE_OK;
    encoder_.reset(ope_encoder_create_callbacks(&callbacks, &file_, comments.get(), rate_hz, 1,
                                                family_mono_stereo, &error));
    if (!encoder_) throw std::bad_alloc();
    ope_encoder_ctl(encoder_.get(), OPUS_SET_BITRATE(bitrate));
    ope_encoder_ctl(encoder_.get(), OPUS_SET_COMPLEXITY(complexity));
  }

  void write(std::span<const std::int16_t> frame, int from_hz) override {
    if (encoder_) input_.write(frame, from_hz, [this](std::span<const std::int16_t> part) { put(part); });
  }

  std::vector<std::byte> finish() override {
    if (!encoder_) return {};
    input_.flush([this](std::span<const std::int16_t> part) { put(part); });
    if (taken_ > 0) ope_encoder_drain(encoder_.get());  // libopusenc 0.2.1 may abort when nothing was written
    encoder_.reset();
    return taken_ == 0 ? std::vector<std::byte>{} : std::move(file_);
  }

  std::chrono::milliseconds duration() const override {
    return std::chrono::milliseconds(taken_ * 1000 / rate_hz);
  }
  double level_dbfs() const override {
    return taken_ == 0 ? level_least_dbfs : to_dbfs(sum_ / static_cast<double>(taken_));
  }
  double recent_level_dbfs() const override {
    const std::size_t count = std::min<std::size_t>(taken_, recent_samples);
    return count == 0 ? level_least_dbfs : to_dbfs(recent_sum_ / static_cast<double>(count));
  }

 private:
  void put(std::span<const std::int16_t> part) {
    part = part.first(std::min(part.size(), left_));
    if (part.empty()) return;
    left_ -= part.size();
    for (const std::int16_t sample : part) {
      const double square = static_cast<double>(sample) * sample;
      std::int16_t& oldest = recent_[taken_++ % recent_samples];
      recent_sum_ += square - static_cast<double>(oldest) * oldest;
      oldest = sample;
      sum_ += square;
    }
    ope_encoder_write(encoder_.get(), part.data(), static_cast<int>(part.size()));
  }

  static int append(void* user, const unsigned char* bytes, opus_int32 count) {
    auto& file = *static_cast<std::vector<std::byte>*>(user);
    const auto* first = reinterpret_cast<const std::byte*>(bytes);
    file.insert(file.end(), first, first + count);
    return 0;
  }
  static int closed(void*) { return 0; }

  std::vector<std::byte> file_;
  std::unique_ptr<OggOpusEnc, encoder_delete> encoder_;
  recorder_input input_;
  std::size_t left_;  // samples that may still come
  std::uint64_t taken_ = 0;
  double sum_ = 0;  // of squares
  double recent_sum_ = 0;
  std::vector<std::int16_t> recent_;
};

}  // namespace

std::shared_ptr<opus_recorder> opus_recorder::create(std::chrono::milliseconds longest) {
  const std::chrono::milliseconds most = audio_file_max;
  return std::make_shared<recorder>(std::clamp(longest, std::chrono::milliseconds(0), most));
}

}  // namespace tollgate::pstn::media
