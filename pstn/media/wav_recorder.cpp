// SPDX-License-Identifier: Apache-2.0
// Recording to a WAV file with libsndfile.
#include <sndfile.h>

#include <utility>

#include "pstn/media/audio_file.hpp"
#include "pstn/media/error.hpp"
#include "pstn/media/recorder_input.hpp"

namespace tollgate::pstn::media {
namespace {

struct sndfile_delete {
  void operator()(SNDFILE* file) const noexcept { sf_close(file); }
};

class recorder final : public wav_recorder {
 public:
  recorder(SNDFILE* file, int rate_hz) : file_(file), rate_hz_(rate_hz), input_(rate_hz) {}
  ~recorder() override { close(); }

  void write(std::span<const std::int16_t> frame, int rate_hz) override {
    if (file_) input_.write(frame, rate_hz, [this](std::span<const std::int16_t> part) { put(part); });
  }

  bool close() override {
    if (!file_) return whole_;
    input_.flush([this](std::span<const std::int16_t> part) { put(part); });
    if (sf_error(file_.get()) != SF_ERR_NO_ERROR) whole_ = false;
    if (sf_close(file_.release()) != 0) whole_ = false;
    return whole_;
  }

  std::chrono::milliseconds duration() const override {
    return std::chrono::milliseconds(written_ * 1000 / rate_hz_);
  }

 private:
  void put(std::span<const std::int16_t> part) {
    const sf_count_t count = sf_write_short(file_.get(), part.data(), static_cast<sf_count_t>(part.size()));
    if (count != static_cast<sf_count_t>(part.size())) whole_ = false;
    written_ += count;
  }

  std::unique_ptr<SNDFILE, sndfile_delete> file_;
  int rate_hz_;
  recorder_input input_;
  std::int64_t written_ = 0;
  bool whole_ = true;
};

}  // namespace

boost::system::result<std::shared_ptr<wav_recorder>> wav_recorder::create(const std::filesystem::path& path,
                                                                          int rate_hz) {
  SF_INFO info{};
  info.samplerate = rate_hz;
  info.channels = 1;
  info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  if (file == nullptr) return media_error::file_unwritable;
  sf_command(file, SFC_SET_UPDATE_HEADER_AUTO, nullptr, SF_TRUE);
  return std::shared_ptr<wav_recorder>(std::make_shared<recorder>(file, rate_hz));
}

}  // namespace tollgate::pstn::media
