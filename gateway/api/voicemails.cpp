// SPDX-License-Identifier: Apache-2.0
// Mailboxes: messages, their audio (Ogg Opus, or WAV) and their state.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/list_manners.hpp"
#include "gateway/api/list_page.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "pstn/media/audio_file.hpp"
#include "voicemail/listing.hpp"
#include "voicemail/mailbox_store.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

constexpr int wav_rate_hz = 16'000;  // what telephones have at best

boost::json::object to_json(const voicemail::message& value) {
  boost::json::object out{{"id", uuid_text(value.message_id)},
                          {"call_id", uuid_text(value.call_id)},
                          {"state", voicemail::to_text(value.state)},
                          {"caller", value.caller},
                          {"caller_name", value.caller_name},
                          {"caller_verdict", value.caller_verdict},
                          {"called", value.called},
                          {"duration_ms", value.duration.count()},
                          {"level_dbov", value.level_dbov},
                          {"size_bytes", value.size_bytes},
                          {"sha256", value.sha256},
                          {"urgent", value.urgent}};
  put_time(out, "received_at", value.received_at);
  put_time(out, "deleted_at", value.deleted_at);
  return out;
}

struct message_path {
  uuid account_id{};
  uuid message_id{};
};

// An id that is none names nothing.
message_path path_of(const request& from) {
  return {parse_uuid(from.parameters[0]).value_or(uuid{}), parse_uuid(from.parameters[1]).value_or(uuid{})};
}

}  // namespace

awaitable<reply> list_voicemails(services& with, const request& from) {
  const uuid account_id = parse_uuid(from.parameters[0]).value_or(uuid{});
  auto fields = field_reader::of_query(from);
  voicemail::message_filter filter;
  filter.limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  filter.before = fields.id("before");
  const bool oldest_first = !order_of(fields, "-received_at").descending;
  if (const auto state = fields.text("state")) {
    filter.state = voicemail::parse_message_state(*state);
    if (!filter.state) fields.complain("state", "must be new, saved or deleted");
  }
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) { return voicemail::list_messages_in(tx, account_id, filter, oldest_first); };
  const auto write = [&](const std::vector<voicemail::message>& found) {
    return page_reply(found, static_cast<std::size_t>(filter.limit), [](const auto& each) { return to_json(each); },
                      [](const auto& last) { return uuid_text(last.message_id); });
  };
  co_return co_await read_list(with, read, write);
}

awaitable<reply> get_voicemail(services& with, const request& from) {
  const message_path path = path_of(from);
  const auto read = [&](pqxx::work& tx) {
    return voicemail::find_message(tx, path.account_id, path.message_id);
  };
  const result<voicemail::message> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return found ? json_reply(200, to_json(*found)) : problem(found.error());
}

awaitable<reply> get_voicemail_audio(services& with, const request& from) {
  const message_path path = path_of(from);
  auto fields = field_reader::of_query(from);
  const auto format = fields.text("format").value_or("ogg");
  if (format != "ogg" && format != "wav") fields.complain("format", "must be ogg or wav");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const bool as_wav = format == "wav";
  // Decoding takes a while: there, not on the signalling thread.
  const auto read = [&](pqxx::work& tx) -> result<std::vector<std::byte>> {
    auto audio = voicemail::fetch_whole_audio(tx, path.account_id, path.message_id, with.options.audio_keys);
    if (!audio || !as_wav) return audio;
    const auto decoded = pstn::media::read_ogg_opus(*audio);
    if (!decoded) return decoded.error();
    return pstn::media::write_wav(pstn::media::resampled(*decoded, wav_rate_hz));
  };
  const result<std::vector<std::byte>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  co_return ranged_reply(from, as_wav ? "audio/wav" : "audio/ogg; codecs=opus",
                         std::string(reinterpret_cast<const char*>(found->data()), found->size()));
}

awaitable<reply> change_voicemail(services& with, const request& from) {
  const message_path path = path_of(from);
  auto fields = field_reader::of_body(from);
  const auto state = voicemail::parse_message_state(fields.needed_text("state"));
  if (!state || *state == voicemail::message_state::deleted) fields.complain("state", "must be new or saved");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto apply = [&](pqxx::work& tx) -> result<voicemail::message> {
    const auto marked = voicemail::mark_message(tx, path.account_id, path.message_id, *state);
    if (marked.has_error()) return marked.error();
    return voicemail::find_message(tx, path.account_id, path.message_id);
  };
  const result<voicemail::message> changed =
      co_await with.database.run(apply, db::run_options{.idempotent = true});
  if (!changed) co_return problem(changed.error());
  co_return json_reply(200, to_json(*changed));
}

awaitable<reply> delete_voicemail(services& with, const request& from) {
  const message_path path = path_of(from);
  const auto now = std::chrono::system_clock::now();
  const auto remove = [&](pqxx::work& tx) {
    return voicemail::delete_message(tx, path.account_id, path.message_id, now);
  };
  const result<void> removed = co_await with.database.run(remove);
  if (removed.has_error()) co_return problem(removed.error());
  reply out;
  out.status = 204;
  co_return out;
}

awaitable<reply> restore_voicemail(services& with, const request& from) {
  const message_path path = path_of(from);
  const auto now = std::chrono::system_clock::now();
  const auto restore = [&](pqxx::work& tx) -> result<voicemail::message> {
    const auto restored = voicemail::restore_message(tx, path.account_id, path.message_id, now);
    if (restored.has_error()) return restored.error();
    return voicemail::find_message(tx, path.account_id, path.message_id);
  };
  const result<voicemail::message> found =
      co_await with.database.run(restore, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  co_return json_reply(200, to_json(*found));
}

}  // namespace tollgate::gateway::api
