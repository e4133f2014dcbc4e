// SPDX-License-Identifier: Apache-2.0
// Calls rated anew: the report, and corrections by order.
#include "billing/rerating.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

constexpr auto longest_period = std::chrono::days(32);
constexpr int highest_version = 1'000'000'000;
const db::run_options patient{.idempotent = true, .work_timeout = std::chrono::minutes(10)};

billing::rerating_request request_of(field_reader& fields) {
  billing::rerating_request wanted;
  wanted.deck = fields.needed_text("deck");
  wanted.version = static_cast<int>(fields.needed_integer("version", 1, highest_version));
  wanted.rated_by = fields.text("rated_by").value_or("");
  if (const auto version = fields.integer("rated_by_version", 1, highest_version))
    wanted.rated_by_version = static_cast<int>(*version);
  wanted.account_id = fields.id("account_id");
  const auto from = fields.time("from"), until = fields.time("until");
  if (!from) fields.complain("from", "is needed: an RFC 3339 time");
  if (!until) fields.complain("until", "is needed: an RFC 3339 time");
  if (from && until && (*until <= *from || *until - *from > longest_period))
    fields.complain("until", "must follow from by at most 32 days");
  wanted.from = from.value_or(wall_time{});
  wanted.until = until.value_or(wall_time{});
  return wanted;
}

reply refused(const boost::system::error_code& why) {
  if (why == billing::error::no_deck)
    return problem(404, "no_deck",
                   "There is no such version of a deck of kind sell that was not withdrawn, or no deck as in rated_by.");
  if (why == billing::error::wrong_currency)
    return problem(422, "wrong_currency", "The two decks are of different currencies.");
  if (why == billing::error::reference_conflict)
    return problem(409, "reference_conflict", "The id stands for another re-rating.");
  return problem(why);
}

boost::json::value or_null(const std::optional<std::string>& text) {
  return text ? boost::json::value(*text) : boost::json::value(nullptr);
}

boost::json::object to_json(const billing::call_rated_anew& call) {
  boost::json::object out{{"account_id", uuid_text(call.account_id)},
                          {"call_id", uuid_text(call.call_id)},
                          {"callee", call.callee},
                          {"talk_ms", call.talk.count()},
                          {"prefix_before", call.prefix_before},
                          {"prefix", call.prefix},
                          {"billed_before_s", call.billed_before.count()},
                          {"billed_s", call.billed.count()}};
  put_time(out, "started_at", call.began);
  put_money(out, "before", call.before);
  put_money(out, "price", call.price);
  return out;
}

boost::json::object to_json(const billing::rerating_report& report) {
  boost::json::array first;
  for (const auto& each : report.first)
    first.push_back(to_json(each));
  boost::json::object out{{"currency", report.currency}, {"calls", report.calls},
                          {"unpriced", report.unpriced}, {"provisional", report.provisional},
                          {"cheaper", report.cheaper},   {"dearer", report.dearer},
                          {"first", std::move(first)}};
  put_money(out, "before", report.before);
  put_money(out, "after", report.after);
  put_money(out, "to_give_back", report.to_give_back);
  put_money(out, "to_take", report.to_take);
  return out;
}

boost::json::object to_json(const billing::rerating& done) {
  const auto& of = done.request;
  boost::json::object out{{"id", done.id},           {"deck", of.deck},           {"version", of.version},
                          {"rated_by", of.rated_by}, {"currency", done.currency}, {"note", done.note},
                          {"calls", done.calls}};
  out["rated_by_version"] =
      of.rated_by_version ? boost::json::value(*of.rated_by_version) : boost::json::value(nullptr);
  out["account_id"] = or_null(of.account_id ? std::optional(uuid_text(*of.account_id)) : std::nullopt);
  put_time(out, "from", of.from);
  put_time(out, "until", of.until);
  put_time(out, "begun_at", done.begun);
  put_time(out, "ended_at", done.ended);
  put_money(out, "given_back", done.given_back);
  put_money(out, "taken", done.taken);
  put_money(out, "lacking", done.lacking);
  return out;
}

boost::json::object to_json(const billing::rerated_call& call) {
  boost::json::object out{{"account_id", uuid_text(call.account_id)},
                          {"call_id", uuid_text(call.call_id)},
                          {"billed_s", call.billed.count()}};
  out["sequence"] = call.sequence ? boost::json::value(*call.sequence) : boost::json::value(nullptr);
  put_money(out, "before", call.before);
  put_money(out, "price", call.price);
  put_money(out, "amount", call.amount);
  put_money(out, "lacking", call.lacking);
  return out;
}

// Reading a month takes minutes and one of the connections that calls need, too: one report and one order at
// a time.
bool is_alone(pqxx::work& tx, const char* what) {
  return tx
      .exec_params1("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))",
                    std::string("gateway.rerating ") + what)[0]
      .as<bool>();
}

reply busy() {
  reply out = problem(503, "rerating_busy",
                      "Another re-rating is at work. Repeat this when it is done, an order with the same id.");
  out.headers.emplace_back("Retry-After", "30");
  return out;
}

reply no_rerating() {
  return problem(404, "no_rerating", "There is no such re-rating.");
}

// "account.call": behind which a page begins.
std::optional<billing::rerated_position> position_of(const std::string& cursor) {
  const auto dot = cursor.find('.');
  if (dot == std::string::npos) return std::nullopt;
  const auto account = parse_uuid(cursor.substr(0, dot)), call = parse_uuid(cursor.substr(dot + 1));
  if (!account || !call) return std::nullopt;
  return billing::rerated_position{*account, *call};
}

}  // namespace

awaitable<reply> report_rerating(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const auto wanted = request_of(fields);
  const auto listed = static_cast<std::size_t>(
      fields.integer("listed", 0, static_cast<std::int64_t>(billing::most_rated_anew_listed)).value_or(100));
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) -> result<std::optional<billing::rerating_report>> {
    if (!is_alone(tx, "report")) return std::optional<billing::rerating_report>();
    tx.exec("SET LOCAL statement_timeout = '10min'");
    auto report = billing::report_rerating(tx, wanted, listed);
    if (!report) return report.error();
    return std::optional(std::move(*report));
  };
  const result<std::optional<billing::rerating_report>> found = co_await with.database.run(read, patient);
  if (!found) co_return refused(found.error());
  co_return *found ? json_reply(200, to_json(**found)) : busy();
}

awaitable<reply> create_rerating(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  const std::string id = fields.needed_made_text_id(from);
  const auto wanted = request_of(fields);
  const auto note = fields.text("note").value_or("");
  // Calls that have not begun could not be in the report that somebody has looked at.
  if (wanted.until > std::chrono::system_clock::now()) fields.complain("until", "must not be in the future");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto begin = [&](pqxx::work& tx) { return billing::begin_rerating(tx, id, wanted, note); };
  const result<bool> known = co_await with.database.run(begin, db::run_options{.idempotent = true});
  if (known.has_error()) co_return refused(known.error());
  // Looking for the next batch may mean reading many calls that cost what they did.
  const auto advance = [&](pqxx::work& tx) -> std::optional<bool> {
    if (!is_alone(tx, "order")) return std::nullopt;
    tx.exec("SET LOCAL statement_timeout = '10min'");
    return billing::advance_rerating(tx, id);
  };
  for (bool ended = false; !ended;) {
    const result<std::optional<bool>> done = co_await with.database.run(advance, patient);
    if (done.has_error()) co_return problem(done.error());
    if (!done->has_value()) co_return busy();
    ended = **done;
  }
  const auto read = [&](pqxx::work& tx) { return billing::find_rerating(tx, id); };
  const result<std::optional<billing::rerating>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  co_return json_reply(*known ? 200 : 201, to_json(found->value()));
}

awaitable<reply> list_reratings(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto before = fields.time("before");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) { return billing::list_reratings(tx, limit, before); };
  const result<std::vector<billing::rerating>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const auto& each : *found)
    items.push_back(to_json(each));
  const bool more = found->size() == static_cast<std::size_t>(limit);
  co_return list_reply(std::move(items), more ? std::optional(rfc3339(found->back().begun)) : std::nullopt);
}

awaitable<reply> get_rerating(services& with, const request& from) {
  const auto read = [&](pqxx::work& tx) { return billing::find_rerating(tx, from.parameters[0]); };
  const result<std::optional<billing::rerating>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  co_return found->has_value() ? json_reply(200, to_json(**found)) : no_rerating();
}

awaitable<reply> list_rerated_calls(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto after = fields.text("after");
  const auto position = after ? position_of(*after) : billing::rerated_position{};
  if (!position) fields.complain("after", "is no cursor of this list");
  if (auto refusal = fields.refusal()) co_return *refusal;
  using calls = std::vector<billing::rerated_call>;
  const auto read = [&](pqxx::work& tx) -> std::optional<calls> {
    if (!billing::find_rerating(tx, from.parameters[0])) return std::nullopt;
    return billing::list_rerated_calls(tx, from.parameters[0], limit, *position);
  };
  const result<std::optional<calls>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  if (!*found) co_return no_rerating();
  const calls& page = **found;
  boost::json::array items;
  for (const auto& each : page)
    items.push_back(to_json(each));
  const bool more = page.size() == static_cast<std::size_t>(limit);
  co_return list_reply(std::move(items), more ? std::optional(uuid_text(page.back().account_id) + "." +
                                                              uuid_text(page.back().call_id))
                                              : std::nullopt);
}

}  // namespace tollgate::gateway::api
