// SPDX-License-Identifier: Apache-2.0
// Rate decks: import, list, export, and the price of a number.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "billing/rate_deck.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "pstn/number/dial_policy.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

constexpr std::size_t most_problems_told = 100;

boost::json::object to_json(const billing::deck_version& deck) {
  boost::json::object out{{"name", deck.name},
                          {"version", deck.version},
                          {"currency", deck.currency},
                          {"rates", deck.rates},
                          {"note", deck.note}};
  put_time(out, "effective_from", deck.effective_from);
  put_time(out, "imported_at", deck.imported_at);
  return out;
}

const char* outcome_text(billing::deck_import_report::outcome value) {
  using outcome = billing::deck_import_report::outcome;
  switch (value) {
    case outcome::imported:
      return "imported";
    case outcome::unchanged:
      return "unchanged";
    case outcome::checked:
      return "checked";
    case outcome::refused:
      return "refused";
  }
  return "refused";
}

reply refused_import(const billing::deck_import_report& report) {
  std::vector<field_error> errors;
  for (const billing::deck_problem& each : report.problems)
    if (errors.size() < most_problems_told)
      errors.push_back(
          {"line " + std::to_string(each.line) + (each.column.empty() ? "" : ", " + each.column), each.text});
  return problem(
      422, "deck_invalid",
      "The rate deck has " + std::to_string(report.problems.size()) + " mistakes; nothing was imported.",
      errors);
}

}  // namespace

awaitable<reply> list_rate_decks(services& with, const request&) {
  const auto read = [](pqxx::work& tx) { return billing::list_decks(tx); };
  const result<std::vector<billing::deck_version>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const billing::deck_version& each : *found)
    items.push_back(to_json(each));
  co_return list_reply(std::move(items), std::nullopt);
}

awaitable<reply> export_rate_deck(services& with, const request& from) {
  const int version = from.parameters[1].size() <= 9 ? std::atoi(from.parameters[1].c_str()) : 0;
  const auto read = [&](pqxx::work& tx) { return billing::export_deck(tx, from.parameters[0], version); };
  const db::run_options patient{.idempotent = true, .work_timeout = std::chrono::minutes(5)};
  result<std::string> csv = co_await with.database.run(read, patient);
  if (!csv) co_return problem(csv.error());
  reply out;
  out.content_type = "text/csv; charset=utf-8";
  out.body = std::move(*csv);
  co_return out;
}

awaitable<reply> import_rate_deck(services& with, const request& from) {
  if (from.content_type != "text/csv") co_return problem(415, "media_type", "The body must be text/csv.");
  auto fields = field_reader::of_query(from);
  billing::deck_import wanted;
  wanted.name = fields.text("deck").value_or(with.options.deck);
  wanted.currency = fields.text("currency").value_or(with.options.currency);
  wanted.effective_from = fields.time("effective_from").value_or(std::chrono::system_clock::now());
  wanted.note = fields.text("note").value_or("");
  wanted.dry_run = fields.flag("dry_run").value_or(false);
  wanted.csv = from.body;
  if (wanted.name.empty()) fields.complain("deck", "must not be empty");
  if (!billing::is_currency(wanted.currency))
    fields.complain("currency", "must be three capital letters (ISO 4217)");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto carry_out = [&](pqxx::work& tx) {
    tx.exec("SET LOCAL statement_timeout = '10min'");
    return billing::import_deck(tx, wanted);
  };
  const db::run_options patient{.idempotent = true, .work_timeout = std::chrono::minutes(10)};
  const result<billing::deck_import_report> report = co_await with.database.run(carry_out, patient);
  if (!report) co_return problem(report.error());
  using outcome = billing::deck_import_report::outcome;
  if (report->result == outcome::refused) co_return refused_import(*report);
  if (report->result == outcome::imported) co_await with.gateway.rates_changed();
  const boost::json::object out{{"deck", wanted.name},
                                {"outcome", outcome_text(report->result)},
                                {"version", report->version},
                                {"rates", report->rates}};
  co_return json_reply(report->result == outcome::imported ? 201 : 200, out);
}

awaitable<reply> find_rate(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const std::string text = fields.needed_text("number");
  const std::string region = fields.text("region").value_or(with.options.region);
  const std::string deck = fields.text("deck").value_or(with.options.deck);
  const auto at = fields.time("at").value_or(std::chrono::system_clock::now());
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto dialled = pstn::number::read_number(text, region, pstn::number::plan_check::possible);
  if (!dialled) co_return problem(dialled.error());
  struct price {
    std::string currency;
    std::optional<billing::rate> terms;
  };
  const auto read = [&](pqxx::work& tx) -> result<price> {
    const auto table = billing::load_rate_table(tx, deck, at);
    if (!table) return table.error();
    const billing::rate* const found = table->find(dialled->number.digits());
    return price{table->currency(), found == nullptr ? std::nullopt : std::optional(*found)};
  };
  const result<price> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  if (!found->terms) co_return problem(404, "no_rate", "The rate deck has no price for this number.");
  const billing::rate& terms = *found->terms;
  boost::json::object out{{"number", dialled->number.e164()},
                          {"deck", deck},
                          {"currency", found->currency},
                          {"prefix", terms.prefix},
                          {"destination", terms.destination},
                          {"initial_increment_s", terms.initial_increment.count()},
                          {"next_increment_s", terms.next_increment.count()},
                          {"free_start_s", terms.free_start.count()},
                          {"included_s", terms.included.count()}};
  put_money(out, "price_per_minute", terms.price_per_minute);
  put_money(out, "connection_fee", terms.connection_fee);
  co_return json_reply(200, out);
}

}  // namespace tollgate::gateway::api
