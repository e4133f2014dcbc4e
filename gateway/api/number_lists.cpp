// SPDX-License-Identifier: Apache-2.0
// Numbers by the list: into stock, and back to their supplier; and the events of one number.
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/random_generator.hpp>
#include <algorithm>
#include <functional>
#include <map>

#include "gateway/api/csv_body.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/list_page.hpp"
#include "gateway/api/member_access.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "pstn/trunk/trunk_store.hpp"
#include "voicemail/import_record.hpp"
#include "voicemail/number_import.hpp"
#include "voicemail/number_store.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

// At most so many mistakes are told of one list.
constexpr std::size_t errors_told = 1'000;

boost::json::array errors_json(const voicemail::import_report& report) {
  boost::json::array errors;
  for (const auto& each : report.errors) {
    if (errors.size() == errors_told) break;
    errors.push_back({{"line", each.line}, {"code", each.code}});
  }
  return errors;
}

reply to_reply(const voicemail::import_report& report, bool dry_run) {
  const bool refused = !report.errors.empty();
  return json_reply(refused && !dry_run ? 422 : 200,
                    boost::json::object{{"outcome", refused ? "refused" : dry_run ? "valid" : "done"},
                                        {"numbers", report.done},
                                        {"errors_total", report.errors.size()},
                                        {"errors", errors_json(report)}});
}

// As a member of a list; one alone has its mistakes and numbers, too.
boost::json::object to_json(const voicemail::import_record& record) {
  boost::json::object out{{"id", uuid_text(record.id)},     {"outcome", record.outcome()},
                          {"dry_run", record.dry_run},      {"numbers", record.numbers},
                          {"errors_total", record.errors_total}, {"actor", record.actor}};
  put_time(out, "made_at", record.made_at);
  if (record.errors.empty()) return out;
  out["errors"] = boost::json::parse(record.errors);
  out["imported"] = boost::json::array(record.imported.begin(), record.imported.end());
  return out;
}

reply no_import() {
  return problem(404, "no_import", "There is no such import of numbers.");
}

std::map<std::string, uuid> trunk_ids(pqxx::work& tx) {
  std::map<std::string, uuid> ids;
  for (const auto& each : pstn::trunk::list_trunks(tx))
    ids.emplace(each.name, each.id);
  return ids;
}

// Reads a list of the body and hands it on, in one transaction.
using list_reader = voicemail::import_list (*)(std::string_view csv);
using list_work = std::function<voicemail::import_report(pqxx::work& tx, const voicemail::import_list& list, bool dry_run)>;

awaitable<reply> work_on_list(services& with, const request& from, list_reader read, list_work work) {
  if (from.content_type != "text/csv") co_return problem(415, "media_type", "The body must be text/csv.");
  auto fields = field_reader::of_query(from);
  const bool dry_run = fields.flag("dry_run").value_or(false);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto actor = actor_of(from);
  const auto carry_out = [&](pqxx::work& tx) {
    if (!is_plain_text(from.body)) return not_plain_text();
    tx.exec("SET LOCAL statement_timeout = '10min'");
    voicemail::name_actor(tx, actor);
    return to_reply(work(tx, read(from.body), dry_run), dry_run);  // a million mistakes are told, and forgotten, there
  };
  const db::run_options patient{.idempotent = true, .work_timeout = std::chrono::minutes(10)};
  result<reply> done = co_await with.database.run(carry_out, patient);
  co_return done ? std::move(*done) : problem(done.error());
}

// Of which owners would get money back; they stay as they are until the transaction is over.
std::vector<voicemail::import_error> paid_terms_in(pqxx::work& tx, const voicemail::import_list& list) {
  std::vector<voicemail::import_error> found;
  for (const auto& row : list.rows)
    if (!tx.exec_params("SELECT FROM voicemail.number WHERE number = $1 AND state = 'assigned' FOR UPDATE", row.number.e164()).empty())
      found.push_back({row.line, "number_rented"});
  return found;
}

boost::json::object to_json(const voicemail::number_event& value) {
  boost::json::object out{{"sequence", value.sequence}, {"state", voicemail::to_text(value.after)}, {"actor", value.actor}};
  out["state_before"] =
      value.before ? boost::json::value(voicemail::to_text(*value.before)) : boost::json::value(nullptr);
  out["account_id"] = value.account_id ? boost::json::value(uuid_text(*value.account_id)) : boost::json::value(nullptr);
  out["order_id"] = value.order_id ? boost::json::value(uuid_text(*value.order_id)) : boost::json::value(nullptr);
  put_time(out, "at", value.at);
  put_time(out, "paid_until", value.paid_until);
  return out;
}

}  // namespace

std::string actor_of(const request& from) {
  if (!from.by) return "admin";
  return std::string(to_string(from.by->as)) + ":" + uuid_text(from.by->token_id);
}

awaitable<reply> import_numbers(services& with, const request& from) {
  if (from.content_type != "text/csv") co_return problem(415, "media_type", "The body must be text/csv.");
  auto fields = field_reader::of_query(from);
  const bool dry_run = fields.flag("dry_run").value_or(false);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto actor = actor_of(from);
  const uuid id = from.made_id.value_or(boost::uuids::random_generator()());
  const bool may_price = may_set(from, guarded::imported_prices);
  bool has_prices = false;
  bool is_text = true;
  const auto carry_out = [&](pqxx::work& tx) -> std::optional<voicemail::import_record> {
    is_text = is_plain_text(from.body);
    if (!is_text) return std::nullopt;
    // Under an Idempotency-Key a node that ended before it answered has done it already.
    if (auto known = voicemail::find_import(tx, id)) return known;
    tx.exec("SET LOCAL statement_timeout = '10min'");
    voicemail::name_actor(tx, actor);
    const auto list = voicemail::read_number_list(from.body);
    has_prices = std::ranges::any_of(list.rows, [](const auto& row) { return !row.prices.empty(); });
    if (has_prices && !may_price) return std::nullopt;
    const auto report = voicemail::import_numbers(tx, list, trunk_ids(tx), dry_run);
    voicemail::import_record made;
    made.id = id;
    made.dry_run = dry_run;
    made.numbers = report.done;
    made.errors_total = static_cast<int>(report.errors.size());
    made.errors = boost::json::serialize(errors_json(report));
    made.actor = actor;
    if (report.errors.empty() && !dry_run)
      for (const auto& row : list.rows)
        made.imported.push_back(row.number.e164());
    voicemail::keep_import(tx, made);
    return voicemail::find_import(tx, id);
  };
  const db::run_options patient{.idempotent = true, .work_timeout = std::chrono::minutes(10)};
  const result<std::optional<voicemail::import_record>> done = co_await with.database.run(carry_out, patient);
  if (!done) co_return problem(done.error());
  if (!*done && has_prices && !may_price) co_return forbidden(guarded::imported_prices);
  if (!is_text) co_return not_plain_text();
  if (!*done) co_return no_import();
  reply out = json_reply((*done)->errors_total > 0 && !dry_run ? 422 : 200, to_json(**done));
  out.headers.emplace_back("Location", "/v1/number_imports/" + uuid_text(id));
  co_return out;
}

awaitable<reply> list_number_imports(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto before = fields.integer("before", 1, INT64_MAX);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) { return voicemail::list_imports(tx, limit, before); };
  const auto write = [&](const std::vector<voicemail::import_record>& found) {
    return page_reply(found, static_cast<std::size_t>(limit), [](const auto& each) { return to_json(each); },
                      [](const auto& last) { return std::to_string(last.sequence); });
  };
  co_return co_await read_list(with, read, write);
}

awaitable<reply> get_number_import(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_import();
  const auto read = [&](pqxx::work& tx) { return voicemail::find_import(tx, *id); };
  const result<std::optional<voicemail::import_record>> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  co_return *found ? json_reply(200, to_json(**found)) : no_import();
}

awaitable<reply> withdraw_numbers(services& with, const request& from) {
  const bool may_refund = may_set(from, guarded::rented_withdrawal);
  const auto work = [may_refund](pqxx::work& tx, const voicemail::import_list& list, bool dry_run) {
    auto refused = may_refund ? std::vector<voicemail::import_error>{} : paid_terms_in(tx, list);
    if (!refused.empty()) return voicemail::import_report{.done = 0, .errors = std::move(refused)};
    return voicemail::withdraw_numbers(tx, list, dry_run, std::chrono::system_clock::now());
  };
  co_return co_await work_on_list(with, from, voicemail::read_withdrawal_list, work);
}

awaitable<reply> list_number_events(services& with, const request& from) {
  const auto number = pstn::phone_number::parse(from.parameters[0]);
  auto fields = field_reader::of_query(from);
  const auto limit = fields.integer("limit", 1, 1'000).value_or(100);
  const auto before = fields.integer("before", 1, INT64_MAX);
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!number) co_return problem(voicemail::make_error_code(voicemail::error::number_unknown));
  const auto read = [&](pqxx::work& tx) {
    return voicemail::list_number_events(tx, *number, static_cast<int>(limit), before);
  };
  const auto write = [&](const std::vector<voicemail::number_event>& found) {
    return page_reply(found, static_cast<std::size_t>(limit), [](const auto& each) { return to_json(each); },
                      [](const auto& last) { return std::to_string(last.sequence); });
  };
  co_return co_await read_list(with, read, write);
}

}  // namespace tollgate::gateway::api
