// SPDX-License-Identifier: Apache-2.0
// An owner's messages at a device (overlay/wire.md, "Requests"), and the PIN for telephones.
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <span>

#include "gateway/device/device_desk.hpp"
#include "gateway/device/request_fields.hpp"
#include "gateway/overlay/encoding.hpp"
#include "gateway/overlay/frame.hpp"
#include "voicemail/mailbox_settings.hpp"
#include "voicemail/mailbox_store.hpp"
#include "voicemail/pin.hpp"

namespace tollgate::gateway::device {

namespace json = boost::json;
using boost::uuids::uuid;

namespace {

std::uint32_t random_bits() {
  std::uint32_t bits = 0;
  overlay::fill_random(std::as_writable_bytes(std::span(&bits, 1)));
  return bits;
}

json::object message_body(const voicemail::message& message) {
  json::object body{{"id", boost::uuids::to_string(message.message_id)},
          {"state", voicemail::to_text(message.state)},
          {"from", message.caller},
          {"to", message.called},
          {"received", time_text(message.received_at)},
          {"duration_ms", message.duration.count()},
          {"size_bytes", message.size_bytes},
          {"sha256", message.sha256},
          {"urgent", message.urgent}};
  if (!message.caller_name.empty()) body["from_name"] = message.caller_name;
  if (!message.caller_verdict.empty()) body["from_verdict"] = message.caller_verdict;
  return body;
}

}  // namespace

boost::asio::awaitable<device_desk::reply> device_desk::voicemail(overlay::session_ptr device,
                                                                  json::object body) {
  const auto op = text_of(body, "op").value_or("");
  const auto account = device->account_id();
  if (op == "list") co_return co_await list_voicemail(account, std::move(body));
  if (op == "fetch") co_return co_await fetch_voicemail(account, std::move(body));
  if (op == "pin") co_return co_await set_voicemail_pin(account, std::move(body));
  if (op == "mark" || op == "delete" || op == "restore") co_return co_await change_voicemail(account, std::move(body));
  if (op == "settings") co_return co_await mailbox_settings(account, std::move(body));
  if (op == "greetings") co_return co_await list_greetings(account);
  if (op == "greeting_fetch") co_return co_await fetch_greeting(account, std::move(body));
  if (op == "greeting_put") co_return co_await put_greeting(std::move(device), std::move(body));
  if (op == "greeting_delete") co_return co_await delete_greeting(account, std::move(body));
  co_return bad_request(
      "op is list, fetch, mark, delete, restore, pin, settings, greetings, greeting_fetch, greeting_put or greeting_delete.");
}

boost::asio::awaitable<device_desk::reply> device_desk::list_voicemail(uuid account, json::object body) {
  voicemail::message_filter filter;
  if (const auto state = text_of(body, "state")) filter.state = voicemail::parse_message_state(*state);
  if (body.contains("state") && !filter.state) co_return bad_request("state is new, saved or deleted.");
  filter.before = id_of(body, "before");
  if (body.contains("before") && !filter.before)
    co_return bad_request("before is the id of the last message of the page before.");
  const auto wanted = id_of(body, "id");
  if (body.contains("id") && !wanted) co_return bad_request("id is a message's.");
  constexpr int page = 40;  // what fits in a frame, as a rule
  constexpr std::size_t list_most_bytes = overlay::frame_size_max_bytes - 1024;
  filter.limit = page + 1;  // one more, to know whether there is one
  struct mailbox {
    std::vector<voicemail::message> messages;
    voicemail::message_counts counts;
  };
  const auto work = [&](pqxx::work& tx) {
    mailbox box{{}, voicemail::count_messages(tx, account)};
    if (!wanted)
      box.messages = voicemail::list_messages(tx, account, filter);
    else if (auto one = voicemail::find_message(tx, account, *wanted))
      box.messages.push_back(std::move(*one));
    return box;
  };
  auto box = co_await with_.database.run(work, {.idempotent = true});
  if (!box) co_return unavailable;
  bool more = box->messages.size() > page;
  if (more) box->messages.pop_back();
  json::array list;
  std::size_t bytes = 0;
  for (const auto& message : box->messages) {
    auto one = message_body(message);
    bytes += json::serialize(one).size() + 1;  // names and verdicts may be long
    if (more = more || bytes > list_most_bytes; bytes > list_most_bytes) break;
    list.push_back(std::move(one));
  }
  co_return json::object{
      {"messages", std::move(list)}, {"more", more}, {"new", box->counts.unread}, {"saved", box->counts.saved}};
}

boost::asio::awaitable<device_desk::reply> device_desk::fetch_voicemail(uuid account, json::object body) {
  const auto id = id_of(body, "id");
  const auto offset = integer_of(body, "offset", 0, 0, INT64_MAX / 2);
  if (!id || !offset) co_return bad_request("fetch names the message's id and an offset in bytes.");
  struct part {
    voicemail::message message;
    std::vector<std::byte> audio;
  };
  const auto work = [&](pqxx::work& tx) -> boost::system::result<part> {
    auto message = voicemail::find_message(tx, account, *id);
    if (!message) return message.error();
    auto audio = voicemail::fetch_audio(tx, account, *id, *offset, chunk_bytes, with_.audio_keys);
    if (!audio) return audio.error();
    return part{std::move(*message), std::move(*audio)};
  };
  const auto found = co_await with_.database.run(work, {.idempotent = true});
  if (!found && found.error() == voicemail::error::message_unknown)
    co_return overlay::refusal{"message_unknown", "There is no such message."};
  if (!found) co_return unavailable;
  co_return json::object{{"id", boost::uuids::to_string(*id)},
                         {"offset", *offset},
                         {"size_bytes", found->message.size_bytes},
                         {"sha256", found->message.sha256},
                         {"data", overlay::to_base64(found->audio)}};
}

boost::asio::awaitable<device_desk::reply> device_desk::change_voicemail(uuid account, json::object body) {
  const auto id = id_of(body, "id");
  if (!id) co_return bad_request("mark, delete and restore name the message's id.");
  const auto op = std::string(body.at("op").as_string());
  const auto now = with_.time.wall();
  const auto state = voicemail::parse_message_state(text_of(body, "state").value_or("saved"));
  if (!state || *state == voicemail::message_state::deleted) co_return bad_request("state is new or saved.");
  const auto work = [&](pqxx::work& tx) {
    if (op == "delete") return voicemail::delete_message(tx, account, *id, now);
    if (op == "restore") return voicemail::restore_message(tx, account, *id, now);
    return voicemail::mark_message(tx, account, *id, *state);
  };
  const auto done = co_await with_.database.run(work, {.idempotent = true});
  if (!done && done.error() == voicemail::error::message_unknown)
    co_return overlay::refusal{"message_unknown", "There is no such message."};
  if (!done) co_return unavailable;
  co_return json::object{{"id", boost::uuids::to_string(*id)}};
}

// What is in the body is changed, an empty text into the operator's or the country's; told is how it is then.
boost::asio::awaitable<device_desk::reply> device_desk::mailbox_settings(uuid account, json::object body) {
  voicemail::mailbox_change change;
  const auto language = text_of(body, "language");
  if (language) change.spoken.emplace(voicemail::parse_language(*language));
  if ((body.contains("language") && !language) || (language && !language->empty() && !*change.spoken))
    co_return bad_request("language is en, es, fr, it, ru, or empty: the operator's.");
  change.time_zone = text_of(body, "time_zone");
  if (body.contains("time_zone") && !change.time_zone) co_return bad_request("time_zone is a name such as Europe/London.");
  const auto work = [&](pqxx::work& tx) -> boost::system::result<voicemail::mailbox_settings> {
    if (change.spoken || change.time_zone)
      if (const auto done = voicemail::change_mailbox(tx, account, change); !done) return done.error();
    return voicemail::find_settings(tx, account);
  };
  const auto found = co_await with_.database.run(work, {.idempotent = true});
  if (!found && found.error() == voicemail::error::time_zone_unknown)
    co_return overlay::refusal{"time_zone_unknown", "There is no such time zone."};
  if (!found) co_return unavailable;
  co_return json::object{{"language", found->spoken ? voicemail::to_text(*found->spoken) : std::string_view()},
                         {"time_zone", found->time_zone},
                         {"has_pin", found->has_pin}};
}

boost::asio::awaitable<device_desk::reply> device_desk::set_voicemail_pin(uuid account, json::object body) {
  const auto wished = text_of(body, "pin");
  if (!wished && body.contains("pin")) co_return bad_request("pin is a text of digits.");
  const auto read = [&](pqxx::work& tx) { return voicemail::numbers_of(tx, account); };
  const auto numbers = co_await with_.database.run(read, {.idempotent = true});
  if (!numbers) co_return unavailable;
  const auto pin = wished ? *wished : voicemail::make_pin(*numbers, random_bits);
  if (!voicemail::suitable_pin(pin, *numbers))
    co_return overlay::refusal{"pin_unsuitable", "A PIN has 6 to 12 digits, and is not easily guessed."};
  const auto hash = co_await with_.hasher.hash(voicemail::pin_secret(account, pin));
  if (!hash) co_return unavailable;
  const auto now = with_.time.wall();
  const auto store = [&](pqxx::work& tx) {
    voicemail::set_pin(tx, account, *hash, voicemail::pin_setter::device, now);
  };
  const auto stored = co_await with_.database.run(store, {.idempotent = true});
  if (!stored) co_return unavailable;
  json::object answer;
  if (!wished) answer["pin"] = pin;  // this once
  co_return answer;
}

}  // namespace tollgate::gateway::device
