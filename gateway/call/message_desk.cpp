// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/message_desk.hpp"

#include <spdlog/spdlog.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <stdexcept>

#include "gateway/logging/line.hpp"

namespace tollgate::gateway::call {
namespace {

boost::system::result<voicemail::deposit_status> store(pqxx::work& tx, const recorded_message& message,
                                                       const voicemail::audio_keys& keys) {
  static constexpr voicemail::mailbox_quota none{INT32_MAX, std::chrono::seconds(INT32_MAX), INT64_MAX};
  auto facts = message.facts;
  facts.audio = message.audio;
  return voicemail::deposit_message(tx, facts, keys, none);
}

// What an encrypted recording in the spool is bound to.
std::string row_of(const recorded_message& message) {
  return "spool/" + boost::uuids::to_string(message.facts.message_id);
}

bool database_away(const boost::system::error_code& error) {
  return error.category() == db::error_category() && error != db::errc::constraint &&
         error != db::errc::refused;
}

}  // namespace

std::string to_spool(const recorded_message& message, const voicemail::audio_keys& keys) {
  using boost::uuids::to_string;
  const auto& facts = message.facts;
  const auto received =
      std::chrono::duration_cast<std::chrono::microseconds>(facts.received_at.time_since_epoch());
  const auto sealed = keys.seal(message.audio, row_of(message));
  const boost::json::object line{{"message_id", to_string(facts.message_id)},
                                 {"account_id", to_string(facts.account_id)},
                                 {"call_id", to_string(facts.call_id)},
                                 {"caller", facts.caller},
                                 {"called", facts.called},
                                 {"received_at_us", received.count()},
                                 {"duration_ms", facts.duration.count()},
                                 {"level_dbov", facts.level_dbov},
                                 {"urgent", facts.urgent},
                                 {"caller_name", facts.caller_name},
                                 {"caller_verdict", facts.caller_verdict},
                                 {"key_id", sealed.key_id}};
  auto text = boost::json::serialize(line) + "\n";
  text.append(reinterpret_cast<const char*>(sealed.bytes.data()), sealed.bytes.size());
  return text;
}

boost::system::result<recorded_message> from_spool(std::string_view content,
                                                   const voicemail::audio_keys& keys) {
  const auto malformed = make_error_code(boost::system::errc::bad_message);
  const auto end = content.find('\n');
  if (end == std::string_view::npos) return malformed;
  try {
    const auto line = boost::json::parse(content.substr(0, end)).as_object();
    const boost::uuids::string_generator to_uuid;
    const auto text = [&line](const char* key) { return std::string(line.at(key).as_string()); };
    recorded_message message{};
    message.facts.message_id = to_uuid(text("message_id"));
    message.facts.account_id = to_uuid(text("account_id"));
    message.facts.call_id = to_uuid(text("call_id"));
    message.facts.caller = text("caller");
    message.facts.called = text("called");
    message.facts.received_at = std::chrono::system_clock::time_point(
        std::chrono::microseconds(boost::json::value_to<std::int64_t>(line.at("received_at_us"))));
    message.facts.duration =
        std::chrono::milliseconds(boost::json::value_to<std::int64_t>(line.at("duration_ms")));
    message.facts.level_dbov = boost::json::value_to<double>(line.at("level_dbov"));
    // Not in records of older nodes.
    if (const auto* urgent = line.if_contains("urgent")) message.facts.urgent = urgent->as_bool();
    if (line.contains("caller_name")) message.facts.caller_name = text("caller_name");
    if (line.contains("caller_verdict")) message.facts.caller_verdict = text("caller_verdict");
    const auto audio = content.substr(end + 1);
    const auto* first = reinterpret_cast<const std::byte*>(audio.data());
    const auto* key_id = line.if_contains("key_id");
    auto opened = keys.open(key_id ? std::string_view(key_id->as_string()) : std::string_view(),
                            {first, audio.size()}, row_of(message));
    if (!opened) return opened.error();
    message.audio = std::move(*opened);
    return message;
  } catch (const std::exception&) {
    return malformed;
  }
}

boost::asio::awaitable<bool> message_desk::keep(const recorded_message& message) {
  const auto work = [this, &message](pqxx::work& tx) { return store(tx, message, keys_); };
  const auto stored = co_await database_.run(work, {.idempotent = true, .subject = db::of_call(message.facts.call_id)});
  if (stored) co_return true;
  const auto id = boost::uuids::to_string(message.facts.message_id), call = boost::uuids::to_string(message.facts.call_id);
  const bool kept = spool_.put(id, to_spool(message, keys_)).has_value();
  if (kept)
    spdlog::error("event=message_spooled message={} call_id={} error={}", id, call, logging::text(stored.error().message()));
  else
    spdlog::critical("event=message_lost message={} call_id={} error={}", id, call, logging::text(stored.error().message()));
  ++(kept ? spooled_total_ : lost_);
  backlog_ = backlog_ || kept;
  co_return kept;
}

boost::asio::awaitable<bool> message_desk::can_keep(std::uint64_t bytes) {
  const auto spool = spool_.probe(bytes);
  if (spool) co_return true;
  const auto work = [bytes](pqxx::work& tx) { voicemail::probe_store(tx, static_cast<std::int64_t>(bytes)); };
  const auto store = co_await database_.run(work, {.idempotent = true, .patience = std::chrono::milliseconds(0)});
  if (store)
    spdlog::error("event=spool_full error={}", logging::text(spool.error().message()));
  else
    spdlog::critical("event=messages_refused spool={} database={}", logging::text(spool.error().message()),
                     logging::text(store.error().message()));
  refused_ += store ? 0 : 1;
  co_return store.has_value();
}

message_desk::figures message_desk::read_figures() const {
  return {.spooled = spool_.count(), .spooled_total = spooled_total_, .lost = lost_, .refused = refused_};
}

boost::asio::awaitable<void> message_desk::replay() {
  const auto waiting = spool_.list();
  for (const auto& [name, content] : waiting) {
    const auto message = from_spool(content, keys_);
    if (!message &&
        message.error() == voicemail::error::audio_key_unknown) {  // left there: the key may come back
      spdlog::critical("event=spooled_message_without_key message={}", logging::text(name));
      continue;
    }
    if (!message) {
      spdlog::critical("event=spooled_message_unreadable message={}", logging::text(name));
      spool_.set_aside(name);
      continue;
    }
    const auto work = [&](pqxx::work& tx) { return store(tx, *message, keys_); };
    const auto stored = co_await database_.run(work, {.idempotent = true, .subject = db::of_call(message->facts.call_id)});
    if (!stored && database_away(stored.error())) break;
    if (!stored) {
      spdlog::critical("event=spooled_message_refused message={} error={}", logging::text(name),
                       logging::text(stored.error().message()));
      spool_.set_aside(name);
      continue;
    }
    spool_.remove(name);
  }
  backlog_ = !spool_.list().empty();  // more may have come meanwhile
}

}  // namespace tollgate::gateway::call
