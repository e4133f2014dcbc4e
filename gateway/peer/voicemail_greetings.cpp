// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <iterator>
#include <span>

#include "gateway/overlay/encoding.hpp"
#include "gateway/peer/commands.hpp"
#include "gateway/peer/error.hpp"
#include "gateway/peer/refusal.hpp"
#include "gateway/peer/text.hpp"
#include "gateway/peer/voicemail_file.hpp"
#include "gateway/peer/voicemail_requests.hpp"
#include "pstn/media/audio_file.hpp"

namespace tollgate::gateway::peer {

namespace media = pstn::media;

using overlay::answer;
using overlay::overlay_error;

namespace {

constexpr std::size_t audio_max_bytes = 64u << 20;
constexpr std::size_t piece_bytes = 11'000;  // its base64 fits into a frame
constexpr int rate_hz = 16'000;              // what telephones have at best

std::string greeting_line(const boost::json::object& greeting) {
  const auto text = [&](const char* key) { return text_member(greeting, key).value_or(""); };
  const auto duration = std::chrono::seconds(integer_member(greeting, "duration_ms").value_or(0) / 1000);
  return text("situation") + "  " + text("recorded") + "  " + duration_text(duration);
}

boost::asio::awaitable<exit_code> list_greetings(overlay::client& client, output& out) {
  boost::json::object body{{"op", "greetings"}};
  const auto reply = co_await client.request("voicemail", std::move(body));
  if (!reply) co_return report_refusal(out, reply.error(), exit_code::call_refused);
  std::string sentence;
  const auto* const listed = reply->if_contains("greetings");
  if (listed != nullptr && listed->is_array())
    for (const auto& one : listed->get_array())
      if (one.is_object()) sentence += (sentence.empty() ? "" : "\n") + greeting_line(one.get_object());
  out.report("greetings", *reply, sentence.empty() ? "No greetings of your own: callers hear the default one." : sentence);
  co_return exit_code::ok;
}

/// The sound file, or what comes on the standard input where `name` is "-", as the Ogg Opus that is sent: a twentieth of a WAV.
boost::system::result<std::vector<std::byte>> read_greeting(const std::string& name) {
  boost::system::result<media::pcm_audio> audio = media::pcm_audio{};
  if (name == "-") {
    const std::string bytes{std::istreambuf_iterator<char>(std::cin), {}};
    audio = media::read_audio(std::as_bytes(std::span(bytes)));
  } else {
    audio = media::read_audio_file(name);
  }
  if (!audio || audio->samples.empty()) return error::sound_unreadable;
  return media::write_ogg_opus(media::resampled(*audio, rate_hz));
}

boost::asio::awaitable<exit_code> set_greeting(overlay::client& client, output& out, const voicemail_command& command) {
  const auto audio = read_greeting(command.sound_file);
  if (!audio) co_return report_failure(out, audio.error(), exit_code::usage);
  boost::json::object kept;
  for (std::size_t at = 0; at < audio->size();) {
    const auto piece = std::span(*audio).subspan(at, std::min(piece_bytes, audio->size() - at));
    boost::json::object body{{"op", "greeting_put"}, {"situation", command.situation}, {"offset", at}};
    body["size_bytes"] = audio->size();
    body["data"] = overlay::to_base64(piece);
    auto reply = co_await client.request("voicemail", std::move(body));
    if (!reply) co_return report_refusal(out, reply.error(), exit_code::call_refused);
    at += piece.size();
    kept = std::move(*reply);
  }
  kept.erase("offset");
  out.report("greeting_set", kept, "Your callers will hear it (" + command.situation + ").");
  co_return exit_code::ok;
}

boost::asio::awaitable<exit_code> play_greeting(overlay::client& client, output& out, const voicemail_command& command) {
  boost::json::object body{{"op", "greeting_fetch"}, {"situation", command.situation}};
  const auto audio = co_await fetch_audio(client, std::move(body));
  if (!audio) co_return report_refusal(out, audio.error(), exit_code::call_refused);
  const std::string name =
      command.output_file.empty() ? "greeting-" + command.situation + ".ogg" : command.output_file;
  const auto duration = save_voicemail(name, *audio);
  if (!duration) co_return report_failure(out, duration.error(), exit_code::usage);
  boost::json::object fields{{"situation", command.situation}, {"file", name}, {"bytes", audio->size()}};
  fields["audio_ms"] = duration->count();
  out.report("greeting", fields, "Saved as " + name + ".");
  co_return exit_code::ok;
}

boost::asio::awaitable<exit_code> delete_greeting(overlay::client& client, output& out, const voicemail_command& command) {
  boost::json::object body{{"op", "greeting_delete"}, {"situation", command.situation}};
  const auto reply = co_await client.request("voicemail", std::move(body));
  if (!reply) co_return report_refusal(out, reply.error(), exit_code::call_refused);
  const boost::json::object fields{{"situation", command.situation}};
  out.report("greeting_deleted", fields, "Deleted.");
  co_return exit_code::ok;
}

}  // namespace

boost::asio::awaitable<answer<std::vector<std::byte>>> fetch_audio(overlay::client& client, boost::json::object request) {
  std::vector<std::byte> audio;
  for (;;) {
    auto body = request;
    body["offset"] = audio.size();
    const auto reply = co_await client.request("voicemail", std::move(body));
    if (!reply) co_return reply.error();
    const auto chunk = overlay::from_base64(text_member(*reply, "data").value_or("!"));
    const auto size = integer_member(*reply, "size_bytes");
    const bool sound = chunk && size && audio.size() + chunk->size() <= audio_max_bytes;
    if (!sound) co_return to_refusal(overlay_error::protocol_violated);
    audio.insert(audio.end(), chunk->begin(), chunk->end());
    if (*size <= static_cast<std::int64_t>(audio.size())) co_return audio;
    if (chunk->empty()) co_return to_refusal(overlay_error::protocol_violated);
  }
}

boost::asio::awaitable<exit_code> run_greeting(overlay::client& client, output& out, const voicemail_command& command) {
  switch (command.operation) {
    case voicemail_operation::greeting_set:
      co_return co_await set_greeting(client, out, command);
    case voicemail_operation::greeting_play:
      co_return co_await play_greeting(client, out, command);
    case voicemail_operation::greeting_remove:
      co_return co_await delete_greeting(client, out, command);
    default:
      co_return co_await list_greetings(client, out);
  }
}

}  // namespace tollgate::gateway::peer
