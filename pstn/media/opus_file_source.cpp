// SPDX-License-Identifier: Apache-2.0
// Plays an Ogg Opus file (RFC 7845) from memory, decoding as it goes. Free of IO.
#include <opusfile.h>

#include <algorithm>
#include <array>

#include "pstn/media/audio_file.hpp"
#include "pstn/media/error.hpp"
#include "pstn/media/resampler.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr int opusfile_rate_hz = 48000;
constexpr std::size_t packet_longest = 5760;  // 120 ms

struct opusfile_delete {
  void operator()(OggOpusFile* file) const noexcept { op_free(file); }
};

class opus_file_source final : public audio_source {
 public:
  opus_file_source(std::shared_ptr<const std::vector<std::byte>> bytes, OggOpusFile* opened)
      : bytes_(std::move(bytes)), file_(opened) {}

  std::size_t read(std::span<std::int16_t> frame, int rate_hz) override {
    if (rate_hz != resampler_.to_hz()) resampler_ = resampler(opusfile_rate_hz, rate_hz);
    std::size_t done = 0;
    while (done < frame.size()) {
      if (at_ == decoded_) decode();
      const auto rest = std::span(mono_).subspan(at_, decoded_ - at_);
      const auto [taken, given] = resampler_.process(rest, frame.subspan(done));
      at_ += taken;
      done += given;
      if (taken > 0 || given > 0) continue;
      const std::size_t tail = resampler_.flush(frame.subspan(done));
      if (tail == 0) break;
      done += tail;
    }
    std::fill(frame.begin() + static_cast<std::ptrdiff_t>(done), frame.end(), std::int16_t{0});
    return done;
  }

 private:
  // The next packet's samples. None: the end, or damage that nothing can be decoded after.
  void decode() {
    at_ = decoded_ = 0;
    for (int holes = 0; file_ && decoded_ == 0 && holes < 100; ++holes) {
      const int count = op_read_stereo(file_.get(), stereo_.data(), static_cast<int>(stereo_.size()));
      if (count == OP_HOLE) continue;
      if (count <= 0) {
        file_.reset();
        return;
      }
      decoded_ = static_cast<std::size_t>(count);
    }
    for (std::size_t i = 0; i < decoded_; ++i)
      mono_[i] = static_cast<std::int16_t>((stereo_[2 * i] + stereo_[2 * i + 1]) / 2);
  }

  std::shared_ptr<const std::vector<std::byte>> bytes_;
  std::unique_ptr<OggOpusFile, opusfile_delete> file_;
  std::array<opus_int16, 2 * packet_longest> stereo_{};
  std::array<std::int16_t, packet_longest> mono_{};
  std::size_t at_ = 0, decoded_ = 0;
  resampler resampler_;
};

}  // namespace

boost::system::result<std::shared_ptr<audio_source>> make_opus_source(
    std::shared_ptr<const std::vector<std::byte>> bytes) {
  int error = 0;
  auto* opened =
      op_open_memory(reinterpret_cast<const unsigned char*>(bytes->data()), bytes->size(), &error);
  if (opened == nullptr) return media_error::file_unreadable;
  return std::shared_ptr<audio_source>(std::make_shared<opus_file_source>(std::move(bytes), opened));
}

}  // namespace tollgate::pstn::media
