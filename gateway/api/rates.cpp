// SPDX-License-Identifier: Apache-2.0
// Rate decks: list, export, and the price of a number. Imports are rate_imports.cpp.
#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "billing/rate_deck.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/rate_json.hpp"
#include "gateway/api/query_forms.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "pstn/number/dial_policy.hpp"
#include "pstn/trunk/error.hpp"
#include "pstn/trunk/trunk_store.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

boost::json::object to_json(const billing::deck_version& deck) {
  boost::json::object out{{"name", deck.name},       {"kind", to_string(deck.kind)},
                          {"version", deck.version}, {"currency", deck.currency},
                          {"rates", deck.rates},     {"note", deck.note}};
  put_time(out, "effective_from", deck.effective_from);
  put_time(out, "imported_at", deck.imported_at);
  put_time(out, "withdrawn_at", deck.withdrawn_at);
  return out;
}

// The decks that a question about a price goes to, the most specific first.
result<std::vector<std::string>> decks_of(pqxx::work& tx, const std::optional<uuid>& account_id,
                                          const std::optional<std::string>& deck,
                                          const server_options& options) {
  if (!account_id) return std::vector<std::string>{deck.value_or(options.decks.deck)};
  const auto account = billing::find_account(tx, *account_id);
  if (!account) return account.error();
  std::vector<std::string> decks;
  if (account->own_deck) decks.push_back(*account->own_deck);
  for (const std::string& each :
       {account->deck, options.decks.of(account->currency, options.currency).value_or(account->deck)})
    if (std::find(decks.begin(), decks.end(), each) == decks.end()) decks.push_back(each);
  return decks;
}

struct priced_number {
  std::vector<std::string> decks;
  std::string deck;  // the one that decided
  billing::number_rate found;
  struct cost {
    uuid carrier_id{};
    std::string deck;
    billing::number_rate found;
  };
  std::vector<cost> costs;
};

// As calls are rated: the most specific deck that has any prefix of the number decides.
result<priced_number> price_number(pqxx::work& tx, std::vector<std::string> decks, const std::string& digits,
                                   std::chrono::system_clock::time_point at) {
  priced_number out;
  bool in_force = false;
  for (const std::string& deck : decks) {
    auto found = billing::find_rate(tx, deck, digits, at);
    if (!found || (in_force && found->currency != out.found.currency)) continue;
    in_force = true;
    out.deck = deck;
    out.found = std::move(*found);
    if (out.found.terms) break;
  }
  if (!in_force) return billing::make_error_code(billing::error::no_deck);
  out.decks = std::move(decks);
  for (const billing::carrier_deck& link : billing::list_carrier_decks(tx))
    if (auto cost = billing::find_rate(tx, link.deck, digits, at); cost && cost->terms)
      out.costs.push_back({link.carrier_id, link.deck, std::move(*cost)});
  return out;
}

boost::json::object cost_deck_json(const uuid& carrier_id, const std::string& deck) {
  return {{"carrier_id", uuid_text(carrier_id)}, {"deck", deck}};
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
  const std::string& wanted = from.parameters[1];
  const auto now = std::chrono::system_clock::now();
  const auto read = [&](pqxx::work& tx) -> result<std::string> {
    if (wanted != "current")
      return billing::export_deck(tx, from.parameters[0], wanted.size() <= 9 ? std::atoi(wanted.c_str()) : 0);
    const auto version = billing::version_in_force(tx, from.parameters[0], now);
    if (!version) return version.error();
    return billing::export_deck(tx, from.parameters[0], *version);
  };
  const db::run_options patient{.idempotent = true, .work_timeout = std::chrono::minutes(5)};
  result<std::string> csv = co_await with.database.run(read, patient);
  if (!csv) co_return problem(csv.error());
  reply out;
  out.content_type = "text/csv; charset=utf-8";
  out.body = std::move(*csv);
  co_return out;
}

awaitable<reply> find_rate(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const std::string text = fields.needed_text("number");
  const std::string region = read_country(fields, "region").value_or(with.options.region);
  const auto deck = fields.text("deck");
  auto account_id = fields.id("account_id");
  const auto duration = fields.integer("duration_s", 0, billing::max_call_duration.count());
  const auto at = fields.time("at").value_or(std::chrono::system_clock::now());
  if (deck && account_id) fields.complain("deck", "cannot stand beside account_id");
  if (auto refusal = fields.refusal()) co_return *refusal;
  // A subscriber asks by what the own calls cost: other decks, and what carriers ask, are the operator's secret.
  const bool by_subscriber = from.by && from.by->as == role::subscriber;
  if (by_subscriber && deck) co_return forbidden();
  if (by_subscriber) account_id = from.by->account_id;
  const auto dialled = pstn::number::read_number(text, region, pstn::number::plan_check::possible);
  if (!dialled) co_return problem(dialled.error());
  const std::string digits(dialled->number.digits());
  const auto read = [&](pqxx::work& tx) -> result<priced_number> {
    const auto decks = decks_of(tx, account_id, deck, with.options);
    if (!decks) return decks.error();
    return price_number(tx, *decks, digits, at);
  };
  const result<priced_number> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  if (!found->found.terms) co_return problem(404, "no_rate", "The rate deck has no price for this number.");
  const billing::rate& terms = *found->found.terms;
  boost::json::object out = rate_json(terms);
  out["number"] = dialled->number.e164();
  out["prefix"] = terms.prefix;
  out["currency"] = found->found.currency;
  if (duration) {
    const std::chrono::seconds talk(*duration);
    out["duration_s"] = talk.count();
    out["billed_s"] = billing::billed_seconds(terms, talk).count();
    put_money(out, "price", billing::call_price(terms, talk));
  }
  if (by_subscriber) co_return json_reply(200, out);
  out["deck"] = found->deck;
  out["version"] = found->found.version;
  out["decks"] = boost::json::array(found->decks.begin(), found->decks.end());
  boost::json::array costs;
  for (const priced_number::cost& each : found->costs) {
    boost::json::object cost = cost_deck_json(each.carrier_id, each.deck);
    cost["currency"] = each.found.currency;
    cost["prefix"] = each.found.terms->prefix;
    put_money(cost, "price_per_minute", each.found.terms->price_per_minute);
    put_money(cost, "connection_fee", each.found.terms->connection_fee);
    if (duration)
      put_money(cost, "price", billing::call_price(*each.found.terms, std::chrono::seconds(*duration)));
    costs.push_back(std::move(cost));
  }
  out["costs"] = std::move(costs);
  co_return json_reply(200, out);
}

awaitable<reply> get_cost_deck(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]).value_or(uuid{});
  const auto read = [](pqxx::work& tx) { return billing::list_carrier_decks(tx); };
  const result<std::vector<billing::carrier_deck>> links =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!links) co_return problem(links.error());
  for (const billing::carrier_deck& each : *links)
    if (each.carrier_id == id) co_return json_reply(200, cost_deck_json(id, each.deck));
  co_return problem(404, "no_cost_deck", "The carrier has no cost deck.");
}

awaitable<reply> put_cost_deck(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  const std::string deck = fields.needed_text("deck");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto id = parse_uuid(from.parameters[0]).value_or(uuid{});
  const auto link = [&](pqxx::work& tx) -> result<void> {
    if (!pstn::trunk::find_carrier(tx, id)) return make_error_code(pstn::trunk::trunk_error::no_such_carrier);
    return billing::set_carrier_deck(tx, id, deck);
  };
  const result<void> linked = co_await with.database.run(link, db::run_options{.idempotent = true});
  if (!linked) co_return problem(linked.error());
  co_await with.gateway.rates_changed();
  co_return json_reply(200, cost_deck_json(id, deck));
}

awaitable<reply> remove_cost_deck(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]).value_or(uuid{});
  const auto unlink = [&](pqxx::work& tx) { return billing::set_carrier_deck(tx, id, ""); };
  const result<void> unlinked = co_await with.database.run(unlink, db::run_options{.idempotent = true});
  if (!unlinked) co_return problem(unlinked.error());
  co_await with.gateway.rates_changed();
  reply out;
  out.status = 204;
  co_return out;
}

}  // namespace tollgate::gateway::api
