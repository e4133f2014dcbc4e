// SPDX-License-Identifier: Apache-2.0
#include "voicemail/greeting_audio.hpp"

#include "pstn/media/audio_file.hpp"
#include "voicemail/mailbox_settings.hpp"

namespace tollgate::voicemail {

boost::system::result<greeting_audio> make_greeting(std::span<const std::byte> file) {
  constexpr int rate_hz = 16'000;  // what telephones have at best
  // A second more than may be, so that what is longer is known to be; not the hours that a small file can stand for.
  const auto decoded = pstn::media::read_audio(file, greeting_longest + std::chrono::seconds(1));
  if (!decoded) return error::audio_unreadable;
  const auto audio = pstn::media::resampled(*decoded, rate_hz);
  greeting_audio made;
  made.duration = std::chrono::milliseconds(audio.samples.size() * 1000 / rate_hz);
  if (made.duration > greeting_longest) return error::greeting_too_long;
  if (made.duration < greeting_shortest) return error::greeting_too_short;
  made.ogg_opus = pstn::media::write_ogg_opus(audio);
  return made;
}

}  // namespace tollgate::voicemail
