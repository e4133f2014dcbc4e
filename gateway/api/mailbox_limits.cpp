// SPDX-License-Identifier: Apache-2.0
// What a mailbox may hold and for how long, where that is not what the carrier gives to all.
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "gateway/subscriber/subscriber_store.hpp"
#include "voicemail/mailbox_limits.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;
using voicemail::mailbox_limits;

constexpr int seconds_least = 60, seconds_most = 360'000;
constexpr std::int64_t bytes_least = 1 << 16, bytes_most = std::int64_t{1} << 40;
constexpr int messages_most = 100'000, days_most = 36'500;

template <class Value>
boost::json::value or_null(const std::optional<Value>& value) {
  if (!value) return nullptr;
  if constexpr (std::is_integral_v<Value>)
    return *value;
  else
    return value->count();
}

boost::json::object to_json(const mailbox_limits& own, const server_options& carrier) {
  const auto quota = voicemail::quota_of(own, carrier.mailbox);
  return {{"messages", or_null(own.messages)},
          {"duration_s", or_null(own.duration)},
          {"bytes", or_null(own.bytes)},
          {"keep_days", or_null(own.keep)},
          {"in_force",
           {{"messages", quota.messages},
            {"duration_s", quota.duration.count()},
            {"bytes", quota.bytes},
            {"keep_days", own.keep.value_or(carrier.keep_messages).count()}}}};
}

}  // namespace

awaitable<reply> get_mailbox_limits(services& with, const request& from) {
  const uuid account_id = parse_uuid(from.parameters[0]).value_or(uuid{});
  const auto read = [&](pqxx::work& tx) -> result<mailbox_limits> {
    const auto owner = subscriber::find_subscriber(tx, account_id);
    if (!owner) return owner.error();
    return voicemail::find_limits(tx, account_id);
  };
  const result<mailbox_limits> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return found ? json_reply(200, to_json(*found, with.options)) : problem(found.error());
}

// What is absent or null is the carrier's from now on.
awaitable<reply> set_mailbox_limits(services& with, const request& from) {
  const uuid account_id = parse_uuid(from.parameters[0]).value_or(uuid{});
  auto fields = field_reader::of_body(from);
  mailbox_limits limits;
  if (const auto value = fields.integer("messages", 1, messages_most)) limits.messages = static_cast<int>(*value);
  if (const auto value = fields.integer("duration_s", seconds_least, seconds_most)) limits.duration = std::chrono::seconds(*value);
  limits.bytes = fields.integer("bytes", bytes_least, bytes_most);
  if (const auto value = fields.integer("keep_days", 0, days_most)) limits.keep = std::chrono::days(*value);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto apply = [&](pqxx::work& tx) -> result<void> {
    const auto owner = subscriber::find_subscriber(tx, account_id);
    if (!owner) return owner.error();
    voicemail::set_limits(tx, account_id, limits);
    return {};
  };
  const result<void> done = co_await with.database.run(apply, db::run_options{.idempotent = true});
  if (done.has_error()) co_return problem(done.error());
  co_return json_reply(200, to_json(limits, with.options));
}

}  // namespace tollgate::gateway::api
