// SPDX-License-Identifier: Apache-2.0
// /v1/rate_imports: a deck is checked or imported, whole or not at all; what was checked can be committed as it was
// reported, what was imported can be rolled back.
#include "billing/rate_import.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/random_generator.hpp>

#include "billing/error.hpp"
#include "gateway/api/csv_body.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/rate_json.hpp"
#include "gateway/api/lookups.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

constexpr std::int64_t most_changes_told = 10'000;
const db::run_options patient{.idempotent = true, .work_timeout = std::chrono::minutes(10)};

// Of a list, the first so many, and how many there are in all.
template <class List, class Convert>
boost::json::object told(const List& list, std::size_t most, Convert convert) {
  boost::json::array first;
  for (const auto& each : list.first) {
    if (first.size() == most) break;
    first.push_back(convert(each));
  }
  return {{"count", list.count}, {"first", std::move(first)}};
}

boost::json::object change_json(const billing::rate_change& each) {
  boost::json::object one{{"prefix", each.prefix}};
  one["before"] = each.before ? boost::json::value(rate_json(*each.before)) : boost::json::value(nullptr);
  one["after"] = each.after ? boost::json::value(rate_json(*each.after)) : boost::json::value(nullptr);
  return one;
}

boost::json::object difference_json(const billing::deck_difference& difference, std::size_t most) {
  return {{"new", told(difference.fresh, most, change_json)},
          {"dearer", told(difference.dearer, most, change_json)},
          {"cheaper", told(difference.cheaper, most, change_json)},
          {"changed", told(difference.changed, most, change_json)},
          {"gone", told(difference.gone, most, change_json)},
          {"unchanged", difference.unchanged}};
}

boost::json::object difference_json(const billing::deck_import_report& report, std::size_t most) {
  boost::json::array overlapping;
  for (const billing::deck_overlap& each : report.overlaps)
    overlapping.push_back(
        boost::json::object{{"prefix", each.prefix}, {"line", each.line}, {"other_line", each.other_line}});
  boost::json::object out = difference_json(report.difference, most);
  out["overlapping"] = boost::json::object{{"count", report.overlap_count}, {"first", std::move(overlapping)}};
  return out;
}

boost::json::object loss_json(const billing::deck_loss& each) {
  boost::json::object one{{"prefix", each.prefix},
                          {"destination", each.destination},
                          {"sell_deck", each.sell_deck},
                          {"cost_deck", each.cost_deck}};
  put_money(one, "sell_per_minute", each.sell_per_minute);
  put_money(one, "cost_per_minute", each.cost_per_minute);
  return one;
}

// How it is kept, and compared when it is committed.
boost::json::object report_json(const billing::deck_import_report& report, std::size_t most) {
  return {{"difference", difference_json(report, most)}, {"sold_below_cost", told(report.losses, most, loss_json)}};
}

boost::json::object counts_json(const billing::deck_import_report& report) {
  const billing::deck_difference& of = report.difference;
  return {{"new", of.fresh.count},     {"dearer", of.dearer.count}, {"cheaper", of.cheaper.count},
          {"changed", of.changed.count}, {"gone", of.gone.count},     {"unchanged", of.unchanged},
          {"sold_below_cost", report.losses.count}};
}

boost::json::value by_json(const billing::import_step& step) {
  if (step.role.empty()) return nullptr;
  boost::json::object out{{"role", step.role}};
  out["token_id"] = step.token_id.empty() ? boost::json::value(nullptr) : boost::json::value(step.token_id);
  return out;
}

billing::import_step step_of(const request& from) {
  if (!from.by) return {};
  return {{}, uuid_text(from.by->token_id), std::string(to_string(from.by->as))};
}

boost::json::object to_json(const billing::rate_import& one) {
  boost::json::object out{{"id", uuid_text(one.id)},           {"deck", one.deck},       {"kind", to_string(one.kind)},
                          {"currency", one.currency},          {"outcome", to_string(one.outcome)},
                          {"version", one.version},            {"rates", one.rates},     {"note", one.note},
                          {"counts", boost::json::parse(one.counts)}};
  put_time(out, "effective_from", one.effective_from);
  put_time(out, "made_at", one.made.at);
  out["made_by"] = by_json(one.made);
  put_time(out, "committed_at", one.committed.at);
  out["committed_by"] = by_json(one.committed);
  put_time(out, "rolled_back_at", one.rolled_back.at);
  out["rolled_back_by"] = by_json(one.rolled_back);
  out["restored_version"] = one.restored_version ? boost::json::value(*one.restored_version) : boost::json::value(nullptr);
  if (one.report.empty()) return out;
  boost::json::value report = boost::json::parse(one.report);
  for (auto& [name, value] : report.as_object())
    out[name] = std::move(value);
  return out;
}

// All mistakes that the report lists, by line. A dry run of a bad deck tells what it would change as well.
reply refused_import(const billing::deck_import_report& report, bool dry_run) {
  std::vector<field_error> errors;
  const bool is_of_no_line = report.problem_count == 1 && report.problems.front().line == 0;
  for (const billing::deck_problem& each : report.problems)
    errors.push_back({is_of_no_line ? (each.column.empty() ? "deck" : each.column)
                                    : "line " + std::to_string(each.line) +
                                          (each.column.empty() ? "" : ", " + each.column),
                      each.text});
  std::string detail = is_of_no_line ? "Nothing was imported: " + errors.front().text + "."
                                     : "The rate deck has " + std::to_string(report.problem_count) +
                                           (report.problem_count == 1 ? " mistake" : " mistakes") + "; nothing was imported.";
  if (report.problem_count > errors.size())
    detail += " The first " + std::to_string(errors.size()) + " are listed.";
  reply out = problem(422, "deck_invalid", detail, errors);
  if (!dry_run) return out;
  boost::json::object body = boost::json::parse(out.body).as_object();
  body["difference"] = difference_json(report, billing::max_deck_problems);
  out.body = boost::json::serialize(body);
  return out;
}

reply no_import() {
  return problem(404, "no_import", "There is no such rate import.");
}

// What a commit or a roll back could not do.
reply refused_step(billing::import_answer why) {
  using billing::import_answer;
  switch (why) {
    case import_answer::expired:
      return problem(409, "import_expired", "The deck that was checked is not kept any more: send it again.");
    case import_answer::changed:
      return problem(409, "deck_changed",
                     "The import would not do any more what was reported: the deck has changed, or its effective_from has passed. Check it anew.");
    case import_answer::idle:
      return problem(409, "nothing_imported", "This import has made no version: there is nothing to roll back.");
    case import_answer::replaced:
      return problem(409, "version_replaced",
                     "Another version of the deck is in force since. Roll its import back first; where it comes from a roll back itself, "
                     "import the rates that are wanted again.");
    case import_answer::first:
      return problem(409, "no_earlier_version", "There is no version before it that could be in force again.");
    case import_answer::done:
    case import_answer::unknown:
      break;
  }
  return no_import();
}

struct step_outcome {
  billing::import_answer answer = billing::import_answer::unknown;
  std::optional<billing::rate_import> now{};
};

// The answer of a commit or a roll back, after the node has read the rates anew.
awaitable<reply> finished(services& with, const result<step_outcome>& done) {
  if (!done) co_return problem(done.error());
  if (done->answer != billing::import_answer::done) co_return refused_step(done->answer);
  co_await with.gateway.rates_changed();
  co_return json_reply(200, to_json(*done->now));
}

// What the query asks for.
billing::deck_import wanted_import(field_reader& fields, const services& with, billing::rate_import& made) {
  billing::deck_import wanted;
  wanted.name = fields.text("deck").value_or(with.options.decks.deck);
  wanted.currency = fields.text("currency").value_or(with.options.currency);
  wanted.now = std::chrono::system_clock::now();
  made.effective_from = fields.time("effective_from");
  wanted.effective_from = made.effective_from.value_or(*wanted.now);
  wanted.note = fields.text("note").value_or("");
  wanted.dry_run = fields.flag("dry_run").value_or(false);
  wanted.changes_listed = static_cast<std::size_t>(
      fields.integer("changes", 0, most_changes_told).value_or(billing::most_changes_listed));
  if (const auto kind = fields.text("kind")) {
    if (*kind == to_string(billing::deck_kind::cost))
      wanted.kind = billing::deck_kind::cost;
    else if (*kind != to_string(billing::deck_kind::sell))
      fields.complain("kind", "must be sell or cost");
  }
  if (wanted.name.empty()) fields.complain("deck", "must not be empty");
  if (!billing::is_currency(wanted.currency))
    fields.complain("currency", "must be three capital letters (ISO 4217)");
  return wanted;
}

billing::import_outcome outcome_of(billing::deck_import_report::outcome value) {
  using outcome = billing::deck_import_report::outcome;
  return value == outcome::imported    ? billing::import_outcome::imported
         : value == outcome::unchanged ? billing::import_outcome::unchanged
                                       : billing::import_outcome::checked;
}

}  // namespace

awaitable<reply> import_rate_deck(services& with, const request& from) {
  if (from.content_type != "text/csv") co_return problem(415, "media_type", "The body must be text/csv.");
  auto fields = field_reader::of_query(from);
  billing::rate_import made;
  billing::deck_import wanted = wanted_import(fields, with, made);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const std::size_t listed = wanted.changes_listed;
  wanted.changes_listed = std::max(listed, billing::most_changes_listed);  // so many are kept
  made.id = from.made_id.value_or(boost::uuids::random_generator()());
  made.deck = wanted.name;
  made.kind = wanted.kind;
  made.currency = wanted.currency;
  made.note = wanted.note;
  made.made = step_of(from);
  // Nothing: it was imported before under this id, and the answer was lost.
  bool is_text = true;
  const auto carry_out = [&](pqxx::work& tx) -> std::optional<billing::deck_import_report> {
    is_text = is_plain_text(from.body);
    if (!is_text) return std::nullopt;
    if (billing::find_rate_import(tx, made.id)) return std::nullopt;
    wanted.csv = from.body;
    tx.exec("SET LOCAL statement_timeout = '10min'");
    auto report = billing::import_deck(tx, wanted);
    if (report.result == billing::deck_import_report::outcome::refused) return report;
    made.outcome = outcome_of(report.result);
    made.version = report.version;
    made.rates = report.rates;
    made.counts = boost::json::serialize(counts_json(report));
    made.report = boost::json::serialize(report_json(report, billing::most_changes_listed));
    billing::keep_rate_import(tx, made, wanted.csv);
    return report;
  };
  const result<std::optional<billing::deck_import_report>> report = co_await with.database.run(carry_out, patient);
  if (!report) co_return problem(report.error());
  if (!is_text) co_return not_plain_text();
  using outcome = billing::deck_import_report::outcome;
  if (*report && (*report)->result == outcome::refused) co_return refused_import(**report, wanted.dry_run);
  if (!*report || (*report)->result == outcome::imported) co_await with.gateway.rates_changed();
  const auto read = [&](pqxx::work& tx) { return billing::find_rate_import(tx, made.id); };
  const result<std::optional<billing::rate_import>> kept = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!kept) co_return problem(kept.error());
  if (!*kept) co_return no_import();
  boost::json::object out = to_json(**kept);
  if (*report)
    for (auto& [name, value] : report_json(**report, listed))
      out[name] = std::move(value);
  reply answer = json_reply((*kept)->outcome == billing::import_outcome::imported ? 201 : 200, out);
  answer.headers.emplace_back("Location", "/v1/rate_imports/" + uuid_text(made.id));
  co_return answer;
}

awaitable<reply> list_rate_imports(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto before = fields.integer("before", 1, std::numeric_limits<std::int64_t>::max());
  const std::string deck = fields.text("deck").value_or("");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) { return billing::list_rate_imports(tx, limit, before, deck); };
  const result<std::vector<billing::rate_import>> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const billing::rate_import& each : *found)
    items.push_back(to_json(each));
  const bool more = found->size() == static_cast<std::size_t>(limit);
  co_return list_reply(std::move(items), more ? std::optional(std::to_string(found->back().number)) : std::nullopt);
}

awaitable<reply> get_rate_import(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_import();
  const auto read = [&](pqxx::work& tx) { return billing::find_rate_import(tx, *id); };
  const result<std::optional<billing::rate_import>> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  co_return *found ? json_reply(200, to_json(**found)) : no_import();
}

awaitable<reply> commit_rate_import(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_import();
  const auto now = std::chrono::system_clock::now();
  const billing::import_step by = step_of(from);
  const auto is_as_reported = [](const billing::rate_import& kept, const billing::deck_import_report& report) {
    if (report.version != kept.version + 1) return false;
    const auto before = boost::json::parse(kept.report);
    // Both as they are read: of a number, text tells no more than its value.
    const auto after = boost::json::parse(boost::json::serialize(difference_json(report, billing::most_changes_listed)));
    return before.at("difference") == after;
  };
  const auto commit = [&](pqxx::work& tx) -> step_outcome {
    tx.exec("SET LOCAL statement_timeout = '10min'");
    const auto answer = billing::commit_rate_import(tx, *id, now, by, is_as_reported);
    return {answer, billing::find_rate_import(tx, *id)};
  };
  const result<step_outcome> done = co_await with.database.run(commit, patient);
  co_return co_await finished(with, done);
}

awaitable<reply> roll_back_rate_import(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_import();
  const auto now = std::chrono::system_clock::now();
  const billing::import_step by = step_of(from);
  const auto roll_back = [&](pqxx::work& tx) -> step_outcome {
    tx.exec("SET LOCAL statement_timeout = '10min'");
    const auto answer = billing::roll_back_rate_import(tx, *id, now, by);
    return {answer, billing::find_rate_import(tx, *id)};
  };
  const result<step_outcome> done = co_await with.database.run(roll_back, patient);
  co_return co_await finished(with, done);
}

awaitable<reply> compare_rate_decks(services& with, const request& from) {
  const auto version_of = [](const std::string& text) { return text.size() <= 9 ? std::atoi(text.c_str()) : 0; };
  auto fields = field_reader::of_query(from);
  const int before = static_cast<int>(fields.needed_integer("since", 1, 999'999'999)), after = version_of(from.parameters[1]);
  const auto most = static_cast<std::size_t>(fields.integer("changes", 0, most_changes_told).value_or(billing::most_changes_listed));
  const auto at = fields.time("at").value_or(std::chrono::system_clock::now());
  if (auto refusal = fields.refusal()) co_return *refusal;
  const std::string& name = from.parameters[0];
  const auto read = [&](pqxx::work& tx) -> result<billing::deck_difference> {
    const auto old_lines = billing::deck_lines(tx, name, before), new_lines = billing::deck_lines(tx, name, after);
    if (old_lines.empty() || new_lines.empty()) return billing::make_error_code(billing::error::no_deck);
    return billing::compare_decks(old_lines, new_lines, at, most);
  };
  const result<billing::deck_difference> found = co_await with.database.run(read, patient);
  if (!found) co_return problem(found.error());
  co_return json_reply(200, boost::json::object{{"deck", name}, {"since", before}, {"version", after}, {"difference", difference_json(*found, most)}});
}

}  // namespace tollgate::gateway::api
