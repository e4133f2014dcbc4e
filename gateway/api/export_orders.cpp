// SPDX-License-Identifier: Apache-2.0
// /v1/cdr_exports: records of calls as a file that is ordered, made in the background, and fetched.
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/random_generator.hpp>

#include "gateway/api/body_stream.hpp"
#include "gateway/api/event_stream.hpp"
#include "gateway/api/export_store.hpp"
#include "gateway/api/list_manners.hpp"
#include "gateway/api/lookups.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

constexpr int usual_keep_hours = 24, longest_keep_hours = 168;

std::optional<uuid> carrier_of(const request& from) {
  return from.by ? from.by->carrier_id : std::nullopt;
}

reply no_export() {
  return problem(404, "no_export", "There is no such export, or it is kept no longer.");
}

boost::json::object to_json(const cdr_export& of) {
  boost::json::object out{{"id", uuid_text(of.id)},    {"state", of.state},          {"format", of.format},
                          {"records", of.records},     {"size_bytes", of.size_bytes}, {"keep_hours", of.keep_hours},
                          {"query", boost::json::parse(of.query)}};
  out["error"] = of.error.empty() ? boost::json::value(nullptr) : boost::json::value(of.error);
  out["file"] = of.state == "done" ? boost::json::value("/v1/cdr_exports/" + uuid_text(of.id) + "/file") : boost::json::value(nullptr);
  put_time(out, "created_at", of.created_at);
  put_time(out, "ended_at", of.ended_at);
  put_time(out, "expires_at", of.expires_at);
  return out;
}

// The answer to an order that is not taken for want of room; nothing: it is.
std::optional<reply> refusal_of(order_outcome outcome) {
  const auto later = [](const char* code, const char* detail, const char* seconds) {
    reply full = problem(429, code, detail);
    full.headers.emplace_back("Retry-After", seconds);
    return full;
  };
  switch (outcome) {
    case order_outcome::too_many:
      return later("too_many_exports", "There are as many exports under way as there may be: wait for one of them.", "10");
    case order_outcome::too_many_of_carrier:
      return later("too_many_exports_kept", "There are as many exports of this carrier as may be kept: delete one of them, or wait until one expires.", "600");
    case order_outcome::no_space:
      return later("exports_full", "The exports that are kept have as many bytes as there may be: wait until one is deleted or expires.", "600");
    case order_outcome::made:
    case order_outcome::repeated:
    case order_outcome::conflict:
      break;
  }
  return std::nullopt;
}

// The parts one after the other: none but the one that is being sent is in memory.
class export_file final : public body_stream {
 public:
  export_file(std::unique_ptr<stream_place> place, database_access database, const uuid& id, int parts)
      : place_(std::move(place)), database_(std::move(database)), id_(id), parts_(parts) {}

  awaitable<std::string> next() override {
    if (stopped_ || at_ == parts_) co_return "";
    const auto read = [this](pqxx::work& tx) { return read_export_part(tx, id_, at_); };
    const result<std::optional<std::string>> found = co_await database_.run(read, db::run_options{.idempotent = true});
    ++at_;
    co_return found && *found ? **found : "";  // shorter than its length was told to be: the client sees that it was cut
  }
  void stop() override { stopped_ = true; }

 private:
  std::unique_ptr<stream_place> place_;
  database_access database_;
  const uuid id_;
  const int parts_;
  int at_ = 0;
  bool stopped_ = false;
};

awaitable<result<std::optional<cdr_export>>> find(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return std::nullopt;
  const auto read = [&](pqxx::work& tx) { return find_export(tx, *id, carrier_of(from)); };
  const result<std::optional<cdr_export>> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return found;
}

// The members of the body that say which records; what else it has is taken out.
std::string query_in(const request& from) {
  auto query = boost::json::parse(from.body).as_object();
  for (const char* other : {"id", "format", "keep_hours"})
    query.erase(other);
  return boost::json::serialize(query);
}

}  // namespace

awaitable<reply> create_cdr_export(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  cdr_export wanted;
  wanted.id = fields.id("id").value_or(from.made_id.value_or(boost::uuids::random_generator()()));
  wanted.format = fields.text("format").value_or("csv");
  if (wanted.format != "csv" && wanted.format != "jsonl") fields.complain("format", "must be csv or jsonl");
  wanted.keep_hours = static_cast<int>(fields.integer("keep_hours", 1, longest_keep_hours).value_or(usual_keep_hours));
  const call_query query = read_call_query(fields);
  wanted.as = from.by ? from.by->as : role::carrier;
  wanted.carrier_id = carrier_of(from);
  if (wanted.carrier_id && !is_for_carriers(query)) fields.complain("account_id", "and what else a carrier is not told of its calls (carrier_id, region, external ids) cannot be asked by");
  if (auto refusal = fields.refusal()) co_return *refusal;
  wanted.query = query_in(from);
  struct ordered {
    order_outcome outcome;
    std::optional<cdr_export> now;
  };
  const auto order = [&](pqxx::work& tx) {
    const auto outcome = order_export(tx, wanted, export_bounds{});
    return ordered{outcome, find_export(tx, wanted.id, wanted.carrier_id)};
  };
  const result<ordered> done = co_await with.database.run(order, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  if (auto full = refusal_of(done->outcome)) co_return *full;
  if (done->outcome == order_outcome::conflict || !done->now) co_return problem(409, "export_conflict", "There is another export of this id.");
  reply answer = json_reply(done->outcome == order_outcome::made ? 202 : 200, to_json(*done->now));
  answer.headers.emplace_back("Location", "/v1/cdr_exports/" + uuid_text(wanted.id));
  co_return answer;
}

awaitable<reply> list_cdr_exports(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto after = fields.id("after");
  const bool oldest_first = !order_of(fields, "-created_at").descending;
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) { return list_exports(tx, carrier_of(from), limit, after, oldest_first); };
  const result<std::vector<cdr_export>> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const auto& each : *found)
    items.push_back(to_json(each));
  const bool more = found->size() == static_cast<std::size_t>(limit);
  co_return list_reply(std::move(items), more ? std::optional(uuid_text(found->back().id)) : std::nullopt);
}

awaitable<reply> get_cdr_export(services& with, const request& from) {
  const auto found = co_await find(with, from);
  if (!found) co_return problem(found.error());
  co_return *found ? json_reply(200, to_json(**found)) : no_export();
}

awaitable<reply> get_cdr_export_file(services& with, const request& from) {
  const auto found = co_await find(with, from);
  if (!found) co_return problem(found.error());
  if (!*found) co_return no_export();
  const cdr_export& of = **found;
  if (of.state != "done") co_return problem(409, "export_not_done", "The export is not done: GET it without /file to see how far it is.");
  reply out;
  const bool csv = of.format == "csv";
  out.content_type = csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
  if (of.parts == 0) co_return out;
  auto place = stream_place::take(with, *from.by);
  if (!place) {
    reply full = problem(429, "too_many_streams", "There are as many streams as there may be, on this node, or of this account, carrier or token.");
    full.headers.emplace_back("Retry-After", "10");
    co_return full;
  }
  out.headers.emplace_back("Content-Length", std::to_string(of.size_bytes));
  out.headers.emplace_back("Content-Disposition", "attachment; filename=\"cdrs-" + uuid_text(of.id) + (csv ? ".csv\"" : ".jsonl\""));
  out.stream = std::make_shared<export_file>(std::move(place), with.database, of.id, of.parts);
  co_return out;
}

awaitable<reply> remove_cdr_export(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_export();
  const auto remove = [&](pqxx::work& tx) { return remove_export(tx, *id, carrier_of(from)); };
  const result<bool> removed = co_await with.database.run(remove);
  if (!removed) co_return problem(removed.error());
  co_return *removed ? reply{.status = 204, .content_type = "", .body = "", .headers = {}} : no_export();
}

}  // namespace tollgate::gateway::api
