// SPDX-License-Identifier: Apache-2.0
// An owner's greetings at a device (overlay/wire.md, "Requests"): which there are, to hear them, to bring new ones in pieces, to
// remove them.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <span>

#include "gateway/device/device_desk.hpp"
#include "gateway/device/request_fields.hpp"
#include "gateway/overlay/encoding.hpp"
#include "voicemail/greeting_audio.hpp"
#include "voicemail/mailbox_settings.hpp"

namespace tollgate::gateway::device {

namespace json = boost::json;
using boost::uuids::uuid;
using voicemail::greeting_kind;

namespace {

constexpr std::int64_t upload_most_bytes = 1 << 20;    // of one greeting: 55 s at 16 kHz with 8 bits a sample, and more
constexpr std::chrono::minutes piece_longest{1}, upload_longest{15};  // pieces come one after the other, at the rate of requests
constexpr std::int64_t uploads_most_bytes = 64 << 20;  // of all that have begun on this node
constexpr std::string_view situations = "situation is no_answer, busy, temporary or name.";

// Of one greeting, as it is stored.
json::object greeting_body(const voicemail::greeting& greeting) {
  return {{"situation", voicemail::to_text(greeting.kind)},
          {"recorded", time_text(greeting.recorded_at)},
          {"duration_ms", greeting.duration.count()},
          {"size_bytes", greeting.size_bytes},
          {"sha256", greeting.sha256}};
}

std::optional<voicemail::greeting> find_greeting(const std::vector<voicemail::greeting>& all, greeting_kind kind) {
  const auto found = std::find_if(all.begin(), all.end(), [kind](const auto& one) { return one.kind == kind; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

std::optional<greeting_kind> kind_of(const json::object& body) {
  return voicemail::parse_greeting_kind(text_of(body, "situation").value_or(""));
}

overlay::refusal refusal_of(const boost::system::error_code& why) {
  if (why.category() != voicemail::error_category()) return unavailable;
  const auto known = static_cast<voicemail::error>(why.value());
  return {voicemail::code_text(known), why.message() + "."};
}

}  // namespace

boost::asio::awaitable<device_desk::reply> device_desk::list_greetings(uuid account) {
  const auto work = [account](pqxx::work& tx) { return voicemail::list_greetings(tx, account); };
  const auto found = co_await with_.database.run(work, {.idempotent = true});
  if (!found) co_return unavailable;
  json::array list;
  for (const auto& one : *found)
    list.push_back(greeting_body(one));
  co_return json::object{{"greetings", std::move(list)}};
}

boost::asio::awaitable<device_desk::reply> device_desk::fetch_greeting(uuid account, json::object body) {
  const auto kind = kind_of(body);
  const auto offset = integer_of(body, "offset", 0, 0, INT64_MAX / 2);
  if (!kind || !offset) co_return bad_request("greeting_fetch names situation and an offset in bytes.");
  struct part {
    std::optional<voicemail::greeting> facts;
    std::vector<std::byte> audio;
  };
  const auto work = [&](pqxx::work& tx) -> boost::system::result<part> {
    auto audio = voicemail::fetch_greeting(tx, account, *kind, with_.audio_keys);
    if (!audio) return audio.error();
    return part{find_greeting(voicemail::list_greetings(tx, account), *kind), std::move(*audio)};
  };
  const auto found = co_await with_.database.run(work, {.idempotent = true});
  if (!found) co_return refusal_of(found.error());
  if (!found->facts) co_return unavailable;  // replaced between the two statements
  const auto from = std::min(static_cast<std::size_t>(*offset), found->audio.size());
  const auto piece = std::span(found->audio).subspan(from, std::min<std::size_t>(chunk_bytes, found->audio.size() - from));
  auto answer = greeting_body(*found->facts);
  answer["offset"] = *offset;
  answer["data"] = overlay::to_base64(piece);
  co_return answer;
}

// The pieces of one greeting come one after the other on one connection; they are kept in memory until the last.
boost::asio::awaitable<device_desk::reply> device_desk::put_greeting(overlay::session_ptr device, json::object body) {
  const auto kind = kind_of(body);
  const auto offset = integer_of(body, "offset", -1, 0, upload_most_bytes);
  const auto size = integer_of(body, "size_bytes", -1, 1, INT64_MAX / 2);
  const auto piece = overlay::from_base64(text_of(body, "data").value_or("!"));
  if (!kind) co_return bad_request(std::string(situations));
  if (!offset || *offset < 0 || !size || *size < 0 || !piece || piece->empty())
    co_return bad_request("greeting_put has offset, size_bytes and data, some bytes in base64.");
  if (*size > upload_most_bytes)
    co_return overlay::refusal{"greeting_too_large", "A greeting's file has at most 1 MiB: send Ogg Opus, or fewer bits."};
  const auto now = with_.time.steady();
  if (*offset == 0) {
    uploads_.erase(device->id());
    // What nobody goes on with gives its room to others.
    std::erase_if(uploads_, [now](const auto& each) {
      const auto& one = each.second;
      return one.from.expired() || now - one.last_piece > piece_longest || now - one.begun > upload_longest;
    });
    std::int64_t begun = 0;
    for (const auto& [id, one] : uploads_)
      begun += one.size_bytes;
    if (begun + *size > uploads_most_bytes)
      co_return overlay::refusal{"busy", "Too many greetings are on their way: try again in a minute."};
    uploads_[device->id()] = {device, *kind, *size, {}, now, now};
  }
  const auto found = uploads_.find(device->id());
  const auto has = [&] { return static_cast<std::int64_t>(found->second.audio.size()); };
  if (found == uploads_.end() || found->second.kind != *kind || found->second.size_bytes != *size || has() != *offset ||
      has() + static_cast<std::int64_t>(piece->size()) > *size) {
    uploads_.erase(device->id());
    co_return bad_request("This piece does not go on where the one before ended: begin again with offset 0.");
  }
  found->second.last_piece = now;
  found->second.audio.insert(found->second.audio.end(), piece->begin(), piece->end());
  if (has() < *size) co_return json::object{{"situation", voicemail::to_text(*kind)}, {"offset", has()}};
  const auto whole = std::move(found->second.audio);
  uploads_.erase(found);
  co_return co_await keep_greeting(device->account_id(), *kind, whole);
}

boost::asio::awaitable<device_desk::reply> device_desk::keep_greeting(uuid account, greeting_kind kind,
                                                                      const std::vector<std::byte>& file) {
  const auto now = with_.time.wall();
  // Encoding takes a while: there, not on the signalling thread.
  const auto work = [&](pqxx::work& tx) -> boost::system::result<std::vector<voicemail::greeting>> {
    const auto made = voicemail::make_greeting(file);
    if (!made) return made.error();
    voicemail::keep_greeting(tx, account, kind, made->ogg_opus, made->duration, now, with_.audio_keys);
    return voicemail::list_greetings(tx, account);
  };
  const auto kept = co_await with_.database.run(work, {.idempotent = true});
  if (!kept) co_return refusal_of(kept.error());
  const auto facts = find_greeting(*kept, kind);
  if (!facts) co_return unavailable;
  auto answer = greeting_body(*facts);
  answer["offset"] = file.size();
  co_return answer;
}

boost::asio::awaitable<device_desk::reply> device_desk::delete_greeting(uuid account, json::object body) {
  const auto kind = kind_of(body);
  if (!kind) co_return bad_request(std::string(situations));
  const auto work = [&](pqxx::work& tx) { return voicemail::remove_greeting(tx, account, *kind); };
  const auto done = co_await with_.database.run(work);
  if (!done) co_return refusal_of(done.error());
  co_return json::object{{"situation", voicemail::to_text(*kind)}};
}

}  // namespace tollgate::gateway::device
