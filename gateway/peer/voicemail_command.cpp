// SPDX-License-Identifier: Apache-2.0
// voicemail list, play, delete, undelete, pin: requests of type "voicemail" (overlay/wire.md).
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/overlay/encoding.hpp"
#include "gateway/peer/commands.hpp"
#include "gateway/peer/error.hpp"
#include "gateway/peer/passphrase.hpp"
#include "gateway/peer/refusal.hpp"
#include "gateway/peer/request_connection.hpp"
#include "gateway/peer/text.hpp"
#include "gateway/peer/voicemail_file.hpp"

namespace tollgate::gateway::peer {

namespace {

using overlay::answer;
using overlay::overlay_error;

constexpr std::size_t message_max_bytes = 64u << 20;

boost::asio::awaitable<answer<boost::json::object>> list(overlay::client& client) {
  boost::json::object body{{"op", "list"}};
  co_return co_await client.request("voicemail", std::move(body));
}

std::vector<boost::json::object> messages_of(const boost::json::object& body) {
  std::vector<boost::json::object> messages;
  const boost::json::value* listed = body.if_contains("messages");
  if (listed == nullptr || !listed->is_array()) return messages;
  for (const boost::json::value& message : listed->get_array()) {
    if (message.is_object()) messages.push_back(message.get_object());
  }
  return messages;
}

std::string message_line(const boost::json::object& message) {
  const auto text = [&](const char* key) { return text_member(message, key).value_or(""); };
  const std::string from = text("from").empty() ? "withheld" : text("from");
  return text("id") + "  " + text("state") + "  " + text("received") + "  " + from + "  " +
         duration_text(std::chrono::seconds(integer_member(message, "duration_ms").value_or(0) / 1000));
}

boost::asio::awaitable<exit_code> list_messages(overlay::client& client, output& out) {
  const auto reply = co_await list(client);
  if (!reply) co_return report_refusal(out, reply.error(), exit_code::call_refused);
  std::string sentence;
  for (const boost::json::object& message : messages_of(*reply)) {
    sentence += (sentence.empty() ? "" : "\n") + message_line(message);
  }
  out.report("voicemail", *reply, sentence.empty() ? "No messages." : sentence);
  co_return exit_code::ok;
}

/// The message with this id, or, without one, the first listed (they come newest first) that is new, else the
/// first.
std::optional<boost::json::object> choose(const std::vector<boost::json::object>& messages,
                                          const std::string& id) {
  for (const boost::json::object& message : messages) {
    if (id.empty() ? text_member(message, "state") == "new" : text_member(message, "id") == id)
      return message;
  }
  if (id.empty() && !messages.empty()) return messages.front();
  return std::nullopt;
}

boost::asio::awaitable<answer<std::vector<std::byte>>> fetch(overlay::client& client, std::string id) {
  std::vector<std::byte> audio;
  for (;;) {
    boost::json::object body{{"op", "fetch"}, {"id", id}, {"offset", audio.size()}};
    const auto reply = co_await client.request("voicemail", std::move(body));
    if (!reply) co_return reply.error();
    const auto chunk = overlay::from_base64(text_member(*reply, "data").value_or("!"));
    const auto size = integer_member(*reply, "size_bytes");
    const bool sound = chunk && size && audio.size() + chunk->size() <= message_max_bytes;
    if (!sound) co_return to_refusal(overlay_error::protocol_violated);
    audio.insert(audio.end(), chunk->begin(), chunk->end());
    if (*size <= static_cast<std::int64_t>(audio.size())) co_return audio;
    if (chunk->empty()) co_return to_refusal(overlay_error::protocol_violated);
  }
}

boost::asio::awaitable<exit_code> play(overlay::client& client, output& out,
                                       const voicemail_command& command) {
  const auto listed = co_await list(client);
  if (!listed) co_return report_refusal(out, listed.error(), exit_code::call_refused);
  const auto message = choose(messages_of(*listed), command.id);
  if (!message) {
    const overlay::refusal unknown{"message_unknown", "There is no such message."};
    co_return report_refusal(out, unknown, exit_code::call_refused);
  }
  const std::string id = text_member(*message, "id").value_or("");
  const auto audio = co_await fetch(client, id);
  if (!audio) co_return report_refusal(out, audio.error(), exit_code::call_refused);
  const std::string name = command.output_file.empty() ? default_voicemail_name(id) : command.output_file;
  const auto duration = save_voicemail(name, *audio);
  if (!duration) co_return report_failure(out, duration.error(), exit_code::usage);
  boost::json::object mark{{"op", "mark"}, {"id", id}, {"state", "saved"}};
  const auto marked = co_await client.request("voicemail", std::move(mark));
  if (!marked) co_return report_refusal(out, marked.error(), exit_code::call_refused);
  boost::json::object fields(*message);
  fields["file"] = name;
  fields["bytes"] = audio->size();
  fields["audio_ms"] = duration->count();
  out.report("message", fields, message_line(*message) + "\nSaved as " + name + ".");
  co_return exit_code::ok;
}

boost::asio::awaitable<exit_code> change(overlay::client& client, output& out, std::string op, std::string id) {
  const bool deletes = op == "delete";
  boost::json::object body{{"op", op}, {"id", id}};
  const auto reply = co_await client.request("voicemail", std::move(body));
  if (!reply) co_return report_refusal(out, reply.error(), exit_code::call_refused);
  const boost::json::object fields{{"id", id}};
  out.report(deletes ? "deleted" : "undeleted", fields, deletes ? "Deleted." : "It is there again.");
  co_return exit_code::ok;
}

/// A PIN that the gateway makes is printed, for whoever sits here; one's own is not said again.
boost::asio::awaitable<exit_code> change_pin(overlay::client& client, output& out, const voicemail_command& command) {
  boost::json::object body{{"op", "pin"}};
  if (command.choose_pin || !command.pin_file.empty()) {
    const auto own = obtain_pin(command.pin_file);
    if (!own) co_return report_failure(out, own.error(), exit_code::usage);
    body["pin"] = *own;
  }
  const bool chosen = body.contains("pin");
  const auto reply = co_await client.request("voicemail", std::move(body));
  if (!reply) co_return report_refusal(out, reply.error(), exit_code::call_refused);
  const auto made = text_member(*reply, "pin").value_or("");
  boost::json::object fields;
  if (!chosen) fields["pin"] = made;
  out.report("pin_set", fields,
             chosen ? "The PIN is set."
                    : "Your new PIN is " + made + ". Call your number, press *, and enter it to hear your messages.");
  co_return exit_code::ok;
}

}  // namespace

boost::asio::awaitable<exit_code> run_voicemail(const command_context& context, const account_state& account,
                                                const voicemail_command& command) {
  request_connection connection(context.executor, client_options_of(context.line, account.authority_pem));
  const auto opened = co_await connection.open(account);
  if (!opened) co_return report_refusal(context.out, opened.error(), exit_code::login_refused);
  exit_code code = exit_code::ok;
  switch (command.operation) {
    case voicemail_operation::list:
      code = co_await list_messages(connection.client(), context.out);
      break;
    case voicemail_operation::play:
      code = co_await play(connection.client(), context.out, command);
      break;
    case voicemail_operation::remove:
      code = co_await change(connection.client(), context.out, "delete", command.id);
      break;
    case voicemail_operation::restore:
      code = co_await change(connection.client(), context.out, "restore", command.id);
      break;
    case voicemail_operation::pin:
      code = co_await change_pin(connection.client(), context.out, command);
      break;
  }
  co_await connection.client().close();
  co_return code;
}

}  // namespace tollgate::gateway::peer
