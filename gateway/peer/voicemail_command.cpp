// SPDX-License-Identifier: Apache-2.0
// voicemail list, play, mark, delete, undelete, pin: requests of type "voicemail" (overlay/wire.md). Greetings are in
// voicemail_greetings.cpp.
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/peer/commands.hpp"
#include "gateway/peer/error.hpp"
#include "gateway/peer/passphrase.hpp"
#include "gateway/peer/refusal.hpp"
#include "gateway/peer/request_connection.hpp"
#include "gateway/peer/text.hpp"
#include "gateway/peer/voicemail_file.hpp"
#include "gateway/peer/voicemail_requests.hpp"

namespace tollgate::gateway::peer {

namespace {

using overlay::answer;

std::vector<boost::json::object> messages_of(const boost::json::object& body) {
  std::vector<boost::json::object> messages;
  const boost::json::value* listed = body.if_contains("messages");
  if (listed == nullptr || !listed->is_array()) return messages;
  for (const boost::json::value& message : listed->get_array()) {
    if (message.is_object()) messages.push_back(message.get_object());
  }
  return messages;
}

bool is_true(const boost::json::object& body, const char* key) {
  const auto* const value = body.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::string message_line(const boost::json::object& message) {
  const auto text = [&](const char* key) { return text_member(message, key).value_or(""); };
  const std::string mark = text("state") == "new" ? "* " : "  ";
  return mark + text("id") + "  " + text("state") + "  " + text("received") + "  " + caller_text(text("from"), text("from_name"), text("from_verdict")) + "  " +
         duration_text(std::chrono::seconds(integer_member(message, "duration_ms").value_or(0) / 1000)) +
         (is_true(message, "urgent") ? "  urgent" : "");
}

/// A page, from the newest message or from behind `before`.
boost::asio::awaitable<answer<boost::json::object>> list(overlay::client& client, std::string state, std::string before) {
  boost::json::object body{{"op", "list"}};
  if (!state.empty()) body["state"] = state;
  if (!before.empty()) body["before"] = before;
  co_return co_await client.request("voicemail", std::move(body));
}

boost::asio::awaitable<exit_code> list_messages(overlay::client& client, output& out, const voicemail_command& command) {
  boost::json::object whole;
  boost::json::array messages;
  std::string sentence, before = command.before;
  for (bool more = true; more;) {
    auto reply = co_await list(client, command.state, before);
    if (!reply) co_return report_refusal(out, reply.error(), exit_code::call_refused);
    more = is_true(*reply, "more");
    for (const boost::json::object& message : messages_of(*reply)) {
      if (messages.size() == command.limit) {
        more = true;
        break;
      }
      sentence += (sentence.empty() ? "" : "\n") + message_line(message);
      before = text_member(message, "id").value_or("");
      messages.push_back(message);
    }
    whole = std::move(*reply);
    whole["more"] = more;
    if (messages.size() == command.limit) break;
  }
  if (is_true(whole, "more")) sentence += "\nThere are more: --before " + before;
  whole["messages"] = std::move(messages);
  out.report("voicemail", whole, sentence.empty() ? "No messages." : sentence);
  co_return exit_code::ok;
}

/// The message with this id, or, without one, the newest that is new, else the newest.
boost::asio::awaitable<answer<boost::json::object>> choose(overlay::client& client, std::string id) {
  boost::json::object body{{"op", "list"}};
  if (!id.empty())
    body["id"] = id;
  else
    body["state"] = "new";
  auto reply = co_await client.request("voicemail", std::move(body));
  if (!reply) co_return reply.error();
  auto messages = messages_of(*reply);
  if (messages.empty() && id.empty()) {
    auto any = co_await list(client, "", "");
    if (!any) co_return any.error();
    messages = messages_of(*any);
  }
  for (auto& message : messages)
    if (id.empty() || text_member(message, "id") == id) co_return std::move(message);
  co_return overlay::refusal{"message_unknown", "There is no such message."};
}

boost::asio::awaitable<exit_code> play(overlay::client& client, output& out,
                                       const voicemail_command& command) {
  const auto message = co_await choose(client, command.id);
  if (!message) co_return report_refusal(out, message.error(), exit_code::call_refused);
  const std::string id = text_member(*message, "id").value_or("");
  boost::json::object fetched{{"op", "fetch"}, {"id", id}};
  const auto audio = co_await fetch_audio(client, std::move(fetched));
  if (!audio) co_return report_refusal(out, audio.error(), exit_code::call_refused);
  const std::string name = command.output_file.empty() ? default_voicemail_name(id) : command.output_file;
  const auto duration = save_voicemail(name, *audio);
  if (!duration) co_return report_failure(out, duration.error(), exit_code::usage);
  boost::json::object heard{{"op", "mark"}, {"id", id}, {"state", "saved"}};
  const auto marked = co_await client.request("voicemail", std::move(heard));
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

boost::asio::awaitable<exit_code> mark(overlay::client& client, output& out, const voicemail_command& command) {
  boost::json::object body{{"op", "mark"}, {"id", command.id}, {"state", command.state}};
  const auto reply = co_await client.request("voicemail", std::move(body));
  if (!reply) co_return report_refusal(out, reply.error(), exit_code::call_refused);
  const boost::json::object fields{{"id", command.id}, {"state", command.state}};
  out.report("marked", fields, "Marked as " + command.state + ".");
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

boost::asio::awaitable<exit_code> settings(overlay::client& client, output& out, const voicemail_command& command) {
  boost::json::object body{{"op", "settings"}};
  if (command.language) body["language"] = *command.language;
  if (command.time_zone) body["time_zone"] = *command.time_zone;
  const auto reply = co_await client.request("voicemail", std::move(body));
  if (!reply) co_return report_refusal(out, reply.error(), exit_code::call_refused);
  const auto language = text_member(*reply, "language").value_or("");
  out.report("settings", *reply,
             "Language: " + (language.empty() ? std::string("the operator's") : language) + ". Time zone: " +
                 text_member(*reply, "time_zone").value_or("") + ". " +
                 (is_true(*reply, "has_pin") ? "There is a PIN." : "There is no PIN: `tollgate-peer voicemail pin` makes one."));
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
      code = co_await list_messages(connection.client(), context.out, command);
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
    case voicemail_operation::mark:
      code = co_await mark(connection.client(), context.out, command);
      break;
    case voicemail_operation::greeting_list:
    case voicemail_operation::greeting_set:
    case voicemail_operation::greeting_play:
    case voicemail_operation::greeting_remove:
      code = co_await run_greeting(connection.client(), context.out, command);
      break;
    case voicemail_operation::settings:
      code = co_await settings(connection.client(), context.out, command);
      break;
    case voicemail_operation::pin:
      code = co_await change_pin(connection.client(), context.out, command);
      break;
  }
  co_await connection.client().close();
  co_return code;
}

}  // namespace tollgate::gateway::peer
