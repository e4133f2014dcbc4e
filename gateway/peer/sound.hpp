// SPDX-License-Identifier: Apache-2.0
// What a call plays and where it records, from the options.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "pstn/media/audio.hpp"
#include "pstn/media/audio_file.hpp"

namespace tollgate::gateway::peer {

/// What is to be played, read once and played any number of times.
class sound {
 public:
  /// `what`: empty (silence), "tone" or "tone:FREQUENCY_HZ" (50..3400, 440 unless given), or a file.
  /// error::sound_unreadable.
  static boost::system::result<sound> load(const std::string& what);

  /// A fresh start of it; nullptr for silence. A tone never ends.
  std::shared_ptr<pstn::media::audio_source> start() const;

 private:
  std::shared_ptr<const pstn::media::pcm_audio> audio_;
  double tone_hz_ = 0;
};

/// The file of the call numbered so in this run, from 1: "heard.wav", "heard-2.wav", ...
std::string recording_name(const std::string& name, std::uint32_t call_number);

/// A recorder at 16 kHz; nullptr where `name` is empty. error::sound_unwritable.
boost::system::result<std::shared_ptr<pstn::media::wav_recorder>> start_recording(const std::string& name);

}  // namespace tollgate::gateway::peer
