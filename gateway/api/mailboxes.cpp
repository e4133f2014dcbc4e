// SPDX-License-Identifier: Apache-2.0
// Mailboxes: language, time zone, PIN, greetings.
#include <openssl/rand.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cstring>
#include <stdexcept>

#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "gateway/subscriber/login.hpp"
#include "gateway/subscriber/subscriber_store.hpp"
#include "voicemail/greeting_audio.hpp"
#include "voicemail/mailbox_list.hpp"
#include "voicemail/mailbox_settings.hpp"
#include "voicemail/mailbox_store.hpp"
#include "voicemail/pin.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

struct mailbox {
  voicemail::mailbox_settings settings;
  voicemail::message_counts counts;
  std::vector<voicemail::greeting> greetings;
};

boost::json::object to_json(const voicemail::greeting& value) {
  boost::json::object out{{"situation", voicemail::to_text(value.kind)},
                          {"duration_ms", value.duration.count()},
                          {"size_bytes", value.size_bytes},
                          {"sha256", value.sha256}};
  put_time(out, "recorded_at", value.recorded_at);
  return out;
}

boost::json::object to_json(const uuid& account_id, const mailbox& value) {
  boost::json::array greetings;
  for (const auto& each : value.greetings)
    greetings.push_back(to_json(each));
  const auto& spoken = value.settings.spoken;
  boost::json::object out{{"account_id", uuid_text(account_id)},
                          {"language", spoken ? boost::json::value(voicemail::to_text(*spoken)) : boost::json::value()},
                          {"time_zone", value.settings.time_zone},
                          {"has_pin", value.settings.has_pin},
                          {"new", value.counts.unread},
                          {"saved", value.counts.saved},
                          {"duration_ms", value.counts.duration.count()},
                          {"size_bytes", value.counts.bytes},
                          {"greetings", std::move(greetings)}};
  put_time(out, "locked_until", value.settings.locked_until);
  return out;
}

// A mailbox is its subscriber's: where there is none, there is no mailbox.
result<mailbox> read_mailbox(pqxx::work& tx, const uuid& account_id) {
  const auto owner = subscriber::find_subscriber(tx, account_id);
  if (!owner) return owner.error();
  return mailbox{voicemail::find_settings(tx, account_id), voicemail::count_messages(tx, account_id),
                 voicemail::list_greetings(tx, account_id)};
}

uuid account_of(const request& from) {
  return parse_uuid(from.parameters[0]).value_or(uuid{});
}

std::uint32_t random_bits() {
  std::uint32_t bits = 0;
  unsigned char bytes[sizeof bits];
  if (RAND_bytes(bytes, sizeof bytes) != 1) throw std::runtime_error("no random bytes");
  std::memcpy(&bits, bytes, sizeof bits);
  return bits;
}

}  // namespace

std::string make_mailbox_pin(const std::vector<std::string>& numbers) {
  return voicemail::make_pin(numbers, random_bits);
}

awaitable<reply> list_mailboxes(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const std::string after = fields.text("after").value_or("");
  if (auto refusal = fields.refusal()) co_return *refusal;
  struct page {
    std::vector<subscriber::subscriber_record> owners;
    std::vector<voicemail::mailbox_summary> mailboxes;
  };
  const auto read = [&](pqxx::work& tx) {
    page found;
    found.owners = subscriber::list_subscribers(tx, limit, after);
    std::vector<uuid> ids;
    for (const auto& each : found.owners)
      ids.push_back(each.account_id);
    found.mailboxes = voicemail::summarise_mailboxes(tx, ids);
    return found;
  };
  const result<page> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (std::size_t i = 0; i < found->owners.size() && i < found->mailboxes.size(); ++i) {
    const auto& each = found->mailboxes[i];
    boost::json::object item{{"account_id", uuid_text(each.account_id)}, {"name", found->owners[i].name},
                             {"has_pin", each.has_pin},                  {"new", each.counts.unread},
                             {"saved", each.counts.saved},               {"duration_ms", each.counts.duration.count()},
                             {"size_bytes", each.counts.bytes}};
    put_time(item, "locked_until", each.locked_until);
    items.push_back(std::move(item));
  }
  const bool more = found->owners.size() == static_cast<std::size_t>(limit);
  co_return list_reply(std::move(items), more ? std::optional(found->owners.back().name) : std::nullopt);
}

awaitable<reply> list_greetings(services& with, const request& from) {
  const uuid account_id = account_of(from);
  const auto read = [&](pqxx::work& tx) -> result<std::vector<voicemail::greeting>> {
    const auto owner = subscriber::find_subscriber(tx, account_id);
    if (!owner) return owner.error();
    return voicemail::list_greetings(tx, account_id);
  };
  const result<std::vector<voicemail::greeting>> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const auto& each : *found)
    items.push_back(to_json(each));
  co_return list_reply(std::move(items), std::nullopt);
}

awaitable<reply> get_mailbox(services& with, const request& from) {
  const uuid account_id = account_of(from);
  const auto read = [&](pqxx::work& tx) { return read_mailbox(tx, account_id); };
  const result<mailbox> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return found ? json_reply(200, to_json(account_id, *found)) : problem(found.error());
}

awaitable<reply> change_mailbox(services& with, const request& from) {
  const uuid account_id = account_of(from);
  auto fields = field_reader::of_body(from);
  voicemail::mailbox_change change;
  const bool names_language = fields.has("language");
  const auto language = fields.text("language");
  if (names_language) change.spoken.emplace(language ? voicemail::parse_language(*language) : std::nullopt);
  if (language && !*change.spoken) fields.complain("language", "must be en, es, fr, it, ru or null");
  change.time_zone = fields.text("time_zone");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto apply = [&](pqxx::work& tx) -> result<mailbox> {
    const auto owner = subscriber::find_subscriber(tx, account_id);
    if (!owner) return owner.error();
    const auto changed = voicemail::change_mailbox(tx, account_id, change);
    if (changed.has_error()) return changed.error();
    return read_mailbox(tx, account_id);
  };
  const result<mailbox> changed = co_await with.database.run(apply, db::run_options{.idempotent = true});
  co_return changed ? json_reply(200, to_json(account_id, *changed)) : problem(changed.error());
}

// With a PIN in the body it becomes the PIN; without one, one is made and told this once.
awaitable<reply> set_mailbox_pin(services& with, const request& from) {
  const uuid account_id = account_of(from);
  auto fields = field_reader::of_body(from);
  const auto wished = fields.text("pin");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) -> result<std::vector<std::string>> {
    const auto owner = subscriber::find_subscriber(tx, account_id);
    if (!owner) return owner.error();
    return voicemail::numbers_of(tx, account_id);
  };
  const result<std::vector<std::string>> numbers =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!numbers) co_return problem(numbers.error());
  if (wished && !voicemail::suitable_pin(*wished, *numbers))
    co_return problem(voicemail::make_error_code(voicemail::error::pin_unsuitable));
  const std::string pin = wished ? *wished : make_mailbox_pin(*numbers);
  const auto hash = co_await with.hasher.hash(voicemail::pin_secret(account_id, pin));
  if (!hash) co_return problem(hash.error());
  const auto now = std::chrono::system_clock::now();
  const auto store = [&](pqxx::work& tx) {
    voicemail::set_pin(tx, account_id, *hash, voicemail::pin_setter::api, now);
  };
  const auto stored = co_await with.database.run(store, db::run_options{.idempotent = true});
  if (stored.has_error()) co_return problem(stored.error());
  boost::json::object out{{"account_id", uuid_text(account_id)}};
  if (!wished) out["pin"] = pin;
  co_return json_reply(200, out);
}

awaitable<reply> put_greeting(services& with, const request& from) {
  const uuid account_id = account_of(from);
  const auto kind = voicemail::parse_greeting_kind(from.parameters[1]);
  if (!kind) co_return problem(voicemail::make_error_code(voicemail::error::greeting_unknown));
  if (from.content_type != "audio/wav" && from.content_type != "audio/x-wav" && from.content_type != "audio/ogg")
    co_return problem(415, "media_type", "The body must be audio/wav or audio/ogg (Opus).");
  const auto now = std::chrono::system_clock::now();
  // Encoding takes a while: there, not on the signalling thread.
  const auto keep = [&](pqxx::work& tx) -> result<std::vector<voicemail::greeting>> {
    const auto owner = subscriber::find_subscriber(tx, account_id);
    if (!owner) return owner.error();
    const auto made = voicemail::make_greeting(std::as_bytes(std::span(from.body)));
    if (!made) return made.error();
    voicemail::keep_greeting(tx, account_id, *kind, made->ogg_opus, made->duration, now, with.options.audio_keys);
    return voicemail::list_greetings(tx, account_id);
  };
  const result<std::vector<voicemail::greeting>> done =
      co_await with.database.run(keep, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  for (const auto& each : *done)
    if (each.kind == *kind) co_return json_reply(200, to_json(each));
  co_return problem(voicemail::make_error_code(voicemail::error::greeting_unknown));
}

awaitable<reply> get_greeting(services& with, const request& from) {
  const uuid account_id = account_of(from);
  const auto kind = voicemail::parse_greeting_kind(from.parameters[1]);
  if (!kind) co_return problem(voicemail::make_error_code(voicemail::error::greeting_unknown));
  const auto read = [&](pqxx::work& tx) { return voicemail::fetch_greeting(tx, account_id, *kind, with.options.audio_keys); };
  const result<std::vector<std::byte>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  co_return ranged_reply(from, "audio/ogg; codecs=opus",
                         std::string(reinterpret_cast<const char*>(found->data()), found->size()));
}

awaitable<reply> remove_greeting(services& with, const request& from) {
  const uuid account_id = account_of(from);
  const auto kind = voicemail::parse_greeting_kind(from.parameters[1]);
  if (!kind) co_return problem(voicemail::make_error_code(voicemail::error::greeting_unknown));
  const auto remove = [&](pqxx::work& tx) { return voicemail::remove_greeting(tx, account_id, *kind); };
  const result<void> removed = co_await with.database.run(remove);
  if (removed.has_error()) co_return problem(removed.error());
  reply out;
  out.status = 204;
  co_return out;
}

}  // namespace tollgate::gateway::api
