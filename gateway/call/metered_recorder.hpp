// SPDX-License-Identifier: Apache-2.0
// Records a message as Ogg Opus and tells its level several times a second, so that silence can end it.
#pragma once

#include <chrono>
#include <functional>

#include "gateway/call/media_event.hpp"
#include "pstn/media/audio_file.hpp"

namespace tollgate::gateway::call {

// Written on the media worker; finish() only after recording has been stopped.
class metered_recorder final : public pstn::media::audio_sink {
 public:
  static constexpr std::chrono::milliseconds interval{200};

  // `tell` is called on the media worker: it posts.
  metered_recorder(std::chrono::milliseconds longest, std::function<void(media_event::sound)> tell);

  void write(std::span<const std::int16_t> frame, int rate_hz) override;

  std::vector<std::byte> finish() { return recorder_->finish(); }
  std::chrono::milliseconds duration() const { return recorder_->duration(); }
  double level_dbov() const { return recorder_->level_dbfs(); }

 private:
  std::shared_ptr<pstn::media::opus_recorder> recorder_;
  std::function<void(media_event::sound)> tell_;
  double energy_ = 0;  // sum of squares since the last message
  std::size_t samples_ = 0;
};

}  // namespace tollgate::gateway::call
