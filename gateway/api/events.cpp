// SPDX-License-Identifier: Apache-2.0
// What happens: the log page by page, or as a stream.
#include <charconv>

#include <boost/asio/this_coro.hpp>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/event_stream.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/list_page.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/api/visible_events.hpp"
#include "gateway/db/database.hpp"
#include "gateway/events/event_store.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

constexpr std::int64_t newest_possible = std::numeric_limits<std::int64_t>::max();

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value >= 0 ? std::optional(value) : std::nullopt;
}

events::event_filter read_filter(field_reader& fields, const request& from) {
  events::event_filter which;
  const auto types = fields.text("type", 1'000).value_or("");
  for (std::size_t at = 0; at < types.size();) {
    const auto end = std::min(types.find(',', at), types.size());
    which.types.push_back(types.substr(at, end - at));
    if (!events::is_event_type(which.types.back())) fields.complain("type", "names no type of events: " + which.types.back());
    at = end + 1;
  }
  which.account_id = fields.id("account_id");
  which.carrier_id = fields.id("carrier_id");
  if (const auto resource = fields.text("resource")) {
    which.resource = *resource;
    const auto colon = resource->find(':');
    if (colon == 0 || colon == std::string::npos || colon + 1 == resource->size() || resource->find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != colon)
      fields.complain("resource", "is a kind, a colon and an id: call:ID, account:ID, number:+442079460958");
  }
  which.from = fields.time("from");
  which.until = fields.time("until");
  if (from.by) restrict_to(which, *from.by);
  return which;
}

// From the event after Last-Event-ID or `after` on; without either, from what happens next.
awaitable<reply> open_stream(services& with, const request& from, events::event_filter which, std::optional<std::int64_t> after) {
  if (!from.last_event_id.empty()) {
    after = whole_number(from.last_event_id);
    if (!after) co_return problem(400, "last_event_id_malformed", "Last-Event-ID is the id of an event of this stream.");
  }
  if (!after) {
    const auto read = [](pqxx::work& tx) { return events::newest_position(tx); };
    const result<std::int64_t> newest = co_await with.database.run(read, db::run_options{.idempotent = true});
    if (!newest) co_return problem(newest.error());
    after = *newest;
  }
  which.after = *after;
  which.newest_first = false;  // as it happens
  which.before.reset();
  reply out;
  out.content_type = "text/event-stream";
  const auto executor = co_await boost::asio::this_coro::executor;
  out.stream = event_stream::open(with, *from.by, std::move(which), executor);
  if (out.stream) co_return out;
  reply full = problem(429, "too_many_streams", "There are as many streams as there may be, on this node, or of this account, carrier or token.");
  full.headers.emplace_back("Retry-After", "10");
  co_return full;
}

}  // namespace

awaitable<reply> list_events(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  auto which = read_filter(fields, from);
  const auto after = fields.integer("after", 0, newest_possible);
  which.before = fields.integer("before", 1, newest_possible);
  which.limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto sort = fields.text("sort").value_or("position");
  if (sort != "position" && sort != "-position") fields.complain("sort", "is position or -position");
  if (auto refusal = fields.refusal()) co_return *refusal;
  which.newest_first = sort.starts_with('-');
  if (from.accept.starts_with("text/event-stream")) co_return co_await open_stream(with, from, std::move(which), after);
  which.after = after.value_or(0);
  const auto read = [&](pqxx::work& tx) { return events::list_events(tx, which); };
  const auto write = [&](const std::vector<events::event>& found) {
    return page_reply(found, static_cast<std::size_t>(which.limit), [](const auto& each) { return events::to_json(each); },
                      [](const auto& last) { return std::to_string(last.position); });
  };
  co_return co_await read_list(with, read, write);
}

}  // namespace tollgate::gateway::api
