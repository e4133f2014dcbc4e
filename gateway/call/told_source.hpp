// SPDX-License-Identifier: Apache-2.0
// What is played to a caller, and knows by itself when it has come to its end: so the late report of what was played before is
// not taken for its own.
#pragma once

#include <atomic>
#include <memory>

#include "pstn/media/audio.hpp"

namespace tollgate::gateway::call {

class told_source final : public pstn::media::audio_source {
 public:
  explicit told_source(std::shared_ptr<pstn::media::audio_source> inner) : inner_(std::move(inner)) {}

  // On the media worker.
  std::size_t read(std::span<std::int16_t> frame, int rate_hz) override {
    const auto count = inner_->read(frame, rate_hz);
    if (count < frame.size()) ended_ = true;
    return count;
  }
  // On any thread.
  bool ended() const { return ended_; }

 private:
  std::shared_ptr<pstn::media::audio_source> inner_;
  std::atomic<bool> ended_ = false;
};

}  // namespace tollgate::gateway::call
