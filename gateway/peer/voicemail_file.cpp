// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/voicemail_file.hpp"

#include <fstream>

#include "gateway/peer/error.hpp"
#include "pstn/media/audio_file.hpp"

namespace tollgate::gateway::peer {

namespace media = pstn::media;

std::string default_voicemail_name(std::string_view id) {
  std::string name = "voicemail-";
  for (const char character : id.substr(0, 64)) {
    const bool plain = (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
                       (character >= 'A' && character <= 'Z') || character == '-';
    if (plain) name += character;
  }
  return name + ".ogg";
}

boost::system::result<std::chrono::milliseconds> save_voicemail(const std::string& name,
                                                                std::span<const std::byte> ogg_opus) {
  const auto audio = media::read_ogg_opus(ogg_opus);
  if (!audio || audio->rate_hz <= 0) return error::message_damaged;
  const std::chrono::milliseconds duration(static_cast<std::int64_t>(audio->samples.size()) * 1000 /
                                           audio->rate_hz);
  if (name.ends_with(".wav")) {
    const auto recorder = media::wav_recorder::create(name, audio->rate_hz);
    if (!recorder) return error::sound_unwritable;
    (*recorder)->write(audio->samples, audio->rate_hz);
    if (!(*recorder)->close()) return error::sound_unwritable;
    return duration;
  }
  std::ofstream file(name, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(ogg_opus.data()), static_cast<std::streamsize>(ogg_opus.size()));
  file.close();
  if (!file) return error::sound_unwritable;
  return duration;
}

}  // namespace tollgate::gateway::peer
