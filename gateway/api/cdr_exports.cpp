// SPDX-License-Identifier: Apache-2.0
// The export of CDRs with its consumers, and their reconciliation with the ledger and with carriers' records.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "billing/cdr_export.hpp"
#include "billing/reconciliation.hpp"
#include "gateway/api/cdr_json.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "pstn/trunk/trunk_store.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

constexpr std::size_t most_told = 1'000;  // of each kind of difference
constexpr auto longest_period = std::chrono::days(32);
const db::run_options patient{.idempotent = true, .work_timeout = std::chrono::minutes(10)};

void be_patient(pqxx::work& tx) {
  tx.exec("SET LOCAL statement_timeout = '10min'");
}

boost::json::object to_json(const billing::cdr_consumer& consumer) {
  boost::json::object out{{"name", consumer.name}, {"cursor", to_string(consumer.has)}};
  put_time(out, "acknowledged_at", consumer.acknowledged_at);
  return out;
}

reply no_consumer() {
  return problem(404, "no_consumer", "There is no such consumer.");
}

boost::json::object to_json(const billing::own_call& call) {
  boost::json::object out{{"call_id", uuid_text(call.call_id)},
                          {"account_id", uuid_text(call.account_id)},
                          {"called", call.called},
                          {"talk_ms", call.talk_ms}};
  put_time(out, "started_at", call.started);
  put_time(out, "answered_at", call.answered);
  if (call.cost) put_money(out, "cost", *call.cost);
  return out;
}

boost::json::object to_json(const billing::carrier_call& call) {
  boost::json::object out{{"line", call.line}, {"called", call.called}, {"seconds", call.seconds}};
  put_time(out, "at", call.at);
  if (call.amount) put_money(out, "amount", *call.amount);
  return out;
}

boost::json::object to_json(const billing::carrier_match& match) {
  return {{"ours", to_json(match.ours)}, {"theirs", to_json(match.theirs)}};
}

template <class Differences>
boost::json::object told(const Differences& all) {
  boost::json::array first;
  for (std::size_t i = 0; i < std::min(all.size(), most_told); ++i)
    first.push_back(to_json(all[i]));
  return {{"count", all.size()}, {"first", std::move(first)}};
}

struct period {
  wall_time from{}, until{};
};

period period_of(field_reader& fields) {
  const auto from = fields.time("from"), until = fields.time("until");
  if (!from) fields.complain("from", "is needed: an RFC 3339 time");
  if (!until) fields.complain("until", "is needed: an RFC 3339 time");
  if (from && until && (*until < *from || *until - *from > longest_period))
    fields.complain("until", "must follow from by at most 32 days");
  return {from.value_or(wall_time{}), until.value_or(wall_time{})};
}

std::vector<std::string> names_in(const std::string& list) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at <= list.size();) {
    const auto end = std::min(list.find(',', at), list.size());
    if (end > at) names.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  return names;
}

reply refused_records(const std::vector<billing::carrier_problem>& problems) {
  std::vector<field_error> errors;
  for (const auto& each : problems)
    errors.push_back({"line " + std::to_string(each.line), each.text});
  return problem(422, "records_invalid", "The carrier's records cannot be read; nothing was compared.",
                 errors);
}

}  // namespace

awaitable<reply> export_cdrs(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const auto format = fields.text("format").value_or("jsonl");
  const auto after = fields.text("after");
  const auto consumer = fields.text("consumer");
  const auto header = fields.flag("header");
  const int limit = static_cast<int>(fields.integer("limit", 1, billing::most_exported).value_or(1'000));
  if (format != "csv" && format != "jsonl") fields.complain("format", "must be csv or jsonl");
  const auto cursor = after ? billing::parse_export_cursor(*after) : billing::export_cursor{};
  if (!cursor) fields.complain("after", "is no cursor of an export");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const bool csv = format == "csv";
  // Written there, too: thousands of records would hold up the thread of calls.
  const auto write = [&](pqxx::work& tx) {
    be_patient(tx);
    auto start = *cursor;
    if (!after && consumer)
      for (const auto& each : billing::list_cdr_consumers(tx))
        if (each.name == *consumer) start = each.has;
    const billing::export_page page = billing::export_calls(tx, start, limit);
    reply out;
    out.content_type = csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
    if (csv && header.value_or(!after)) out.body = billing::cdr_csv_header();
    for (const auto& each : page.records)
      out.body += csv ? billing::to_csv(each) : boost::json::serialize(to_json(each)) + "\n";
    out.headers.emplace_back("Tollgate-Next", to_string(page.next));
    out.headers.emplace_back("Tollgate-More", page.more ? "true" : "false");
    return out;
  };
  result<reply> written = co_await with.database.run(write, patient);
  co_return written ? std::move(*written) : problem(written.error());
}

awaitable<reply> list_cdr_consumers(services& with, const request&) {
  const auto read = [](pqxx::work& tx) { return billing::list_cdr_consumers(tx); };
  const result<std::vector<billing::cdr_consumer>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const auto& each : *found)
    items.push_back(to_json(each));
  co_return list_reply(std::move(items), std::nullopt);
}

awaitable<reply> acknowledge_cdrs(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  const auto cursor = billing::parse_export_cursor(fields.needed_text("cursor"));
  if (!cursor) fields.complain("cursor", "is no cursor of an export");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto acknowledge = [&](pqxx::work& tx) {
    return billing::acknowledge_export(tx, from.parameters[0], *cursor);
  };
  const result<billing::cdr_consumer> done =
      co_await with.database.run(acknowledge, db::run_options{.idempotent = true});
  co_return done ? json_reply(200, to_json(*done)) : problem(done.error());
}

awaitable<reply> remove_cdr_consumer(services& with, const request& from) {
  const auto remove = [&](pqxx::work& tx) { return billing::remove_cdr_consumer(tx, from.parameters[0]); };
  const result<bool> removed = co_await with.database.run(remove);
  if (!removed) co_return problem(removed.error());
  co_return *removed ? reply{.status = 204, .content_type = "", .body = "", .headers = {}} : no_consumer();
}

awaitable<reply> reconcile_ledger(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const auto over = period_of(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto compare = [&](pqxx::work& tx) {
    be_patient(tx);
    return billing::compare_ledger(tx, over.from, over.until);
  };
  const result<billing::ledger_comparison> found = co_await with.database.run(compare, patient);
  if (!found) co_return problem(found.error());
  boost::json::array first;
  for (const auto& each : found->first) {
    boost::json::object one{{"what", each.what},
                            {"account_id", uuid_text(each.account_id)},
                            {"call_id", uuid_text(each.call_id)}};
    put_money(one, "ledger", each.ledger);
    put_money(one, "record", each.record);
    first.push_back(std::move(one));
  }
  co_return json_reply(
      200, boost::json::object{
               {"calls", found->calls}, {"differences", found->differences}, {"first", std::move(first)}});
}

awaitable<reply> reconcile_carrier(services& with, const request& from) {
  if (from.content_type != "text/csv") co_return problem(415, "media_type", "The body must be text/csv.");
  auto fields = field_reader::of_query(from);
  const auto over = period_of(fields);
  const auto named = fields.text("trunks", 4'096);
  const auto carrier = fields.id("carrier_id");
  billing::carrier_tolerance allowed;
  allowed.time =
      std::chrono::seconds(fields.integer("time_tolerance_s", 0, 86'400).value_or(allowed.time.count()));
  allowed.duration = std::chrono::seconds(
      fields.integer("duration_tolerance_s", 0, 3'600).value_or(allowed.duration.count()));
  const std::chrono::minutes offset(fields.integer("utc_offset_min", -24 * 60, 24 * 60).value_or(0));
  if (named.has_value() == carrier.has_value())
    fields.complain("trunks", "is needed, or carrier_id in its place");
  if (auto refusal = fields.refusal()) co_return *refusal;
  struct comparison {
    std::vector<billing::carrier_problem> problems;
    std::size_t lines = 0, theirs = 0, ours = 0;
    billing::carrier_comparison found;
  };
  const auto compare = [&](pqxx::work& tx) {
    be_patient(tx);
    auto records = billing::parse_carrier_csv(from.body, offset);  // there: megabytes would hold up the thread of calls
    const auto lines = records.calls.size();
    if (!records.problems.empty()) return comparison{.problems = std::move(records.problems), .found = {}};
    // Calls that the other side places beyond an end of the period are no differences: compared all the same.
    std::erase_if(records.calls, [&](const auto& each) {
      return each.at < over.from - allowed.time || each.at >= over.until + allowed.time;
    });
    auto trunks = names_in(named.value_or(""));
    if (carrier) {
      trunks = billing::trunks_in_records(tx, *carrier, over.from - allowed.time, over.until + allowed.time);
      for (const auto& each : pstn::trunk::list_trunks(tx))
        if (each.carrier_id == *carrier && std::find(trunks.begin(), trunks.end(), each.name) == trunks.end()) trunks.push_back(each.name);
    }
    auto ours = billing::calls_over_trunks(tx, trunks, over.from - allowed.time, over.until + allowed.time, carrier);
    comparison out{.problems = {},
                   .lines = lines,
                   .theirs = records.calls.size(),
                   .ours = ours.size(),
                   .found = billing::compare_calls(std::move(ours), records.calls, allowed)};
    std::erase_if(out.found.missing,
                  [&](const auto& each) { return *each.started < over.from || *each.started >= over.until; });
    std::erase_if(out.found.extra,
                  [&](const auto& each) { return each.at < over.from || each.at >= over.until; });
    return out;
  };
  const result<comparison> done = co_await with.database.run(compare, patient);
  if (!done) co_return problem(done.error());
  if (!done->problems.empty()) co_return refused_records(done->problems);
  co_return json_reply(200, boost::json::object{{"ours", done->ours},
                                                {"theirs", done->theirs},
                                                {"outside", done->lines - done->theirs},
                                                {"matched", done->found.matched},
                                                {"missing", told(done->found.missing)},
                                                {"extra", told(done->found.extra)},
                                                {"seconds_differ", told(done->found.seconds_differ)},
                                                {"amount_differs", told(done->found.amount_differs)}});
}

}  // namespace tollgate::gateway::api
