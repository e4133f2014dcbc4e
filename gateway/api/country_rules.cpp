// SPDX-License-Identifier: Apache-2.0
// What is asked by country of who rents a number, and who an account is.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/csv_body.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "gateway/subscriber/subscriber_store.hpp"
#include "voicemail/country_rules.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

boost::json::object to_json(const voicemail::country_rule& rule) {
  boost::json::object out{{"country", rule.country},
                          {"address", voicemail::to_text(rule.address)},
                          {"identity", rule.identity},
                          {"least_term_months", rule.least_term_months},
                          {"note", rule.note}};
  out["most_numbers"] = rule.most_numbers ? boost::json::value(*rule.most_numbers) : boost::json::value(nullptr);
  return out;
}

boost::json::object to_json(const uuid& account_id, const voicemail::renter& who) {
  boost::json::object out{{"account_id", uuid_text(account_id)}, {"name", who.name},
                          {"street", who.street},                {"postal_code", who.postal_code},
                          {"city", who.city},                    {"country", who.country}};
  put_time(out, "identified_at", who.identified_at);
  return out;
}

// Who is known by that id, or nothing but empty fields. errc::no_subscriber.
result<voicemail::renter> read_renter(pqxx::work& tx, const uuid& account_id) {
  const auto owner = subscriber::find_subscriber(tx, account_id);
  if (!owner) return owner.error();
  return voicemail::find_renter(tx, account_id).value_or(voicemail::renter{});
}

bool is_country(const std::string& text) {
  return text.size() == 2 && text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
}

}  // namespace

awaitable<reply> list_country_rules(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const auto format = fields.text("format").value_or("json");
  if (format != "json" && format != "csv") fields.complain("format", "is json or csv");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [](pqxx::work& tx) { return voicemail::list_country_rules(tx); };
  const result<std::vector<voicemail::country_rule>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  if (format == "csv") {
    reply out;
    out.content_type = "text/csv; charset=utf-8";
    out.body = voicemail::write_country_rules(*found);
    co_return out;
  }
  boost::json::array items;
  for (const auto& each : *found)
    items.push_back(to_json(each));
  co_return list_reply(std::move(items), std::nullopt);
}

awaitable<reply> replace_country_rules(services& with, const request& from) {
  if (from.content_type != "text/csv") co_return problem(415, "media_type", "The body must be text/csv.");
  auto fields = field_reader::of_query(from);
  const bool dry_run = fields.flag("dry_run").value_or(false);
  if (auto refusal = fields.refusal()) co_return *refusal;
  bool is_text = true;
  const auto replace = [&](pqxx::work& tx) -> decltype(voicemail::read_country_rules(from.body)) {
    is_text = is_plain_text(from.body);
    if (!is_text) return {};
    auto list = voicemail::read_country_rules(from.body);
    if (list.errors.empty() && !dry_run) voicemail::replace_country_rules(tx, list.rules);
    return list;
  };
  const auto done = co_await with.database.run(replace, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  if (!is_text) co_return not_plain_text();
  const auto& list = *done;
  const bool refused = !list.errors.empty();
  boost::json::array errors;
  for (const auto& each : list.errors)
    errors.push_back({{"line", each.line}, {"code", each.code}});
  const auto* const outcome = refused ? "refused" : dry_run ? "valid" : "done";
  co_return json_reply(refused && !dry_run ? 422 : 200, boost::json::object{{"outcome", outcome},
                                                                            {"countries", list.rules.size()},
                                                                            {"errors", std::move(errors)}});
}

awaitable<reply> get_account_address(services& with, const request& from) {
  const uuid account_id = parse_uuid(from.parameters[0]).value_or(uuid{});
  const auto read = [&](pqxx::work& tx) { return read_renter(tx, account_id); };
  const result<voicemail::renter> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return found ? json_reply(200, to_json(account_id, *found)) : problem(found.error());
}

awaitable<reply> set_account_address(services& with, const request& from) {
  const uuid account_id = parse_uuid(from.parameters[0]).value_or(uuid{});
  auto fields = field_reader::of_body(from);
  const voicemail::renter who{.name = fields.needed_text("name"),
                              .street = fields.needed_text("street"),
                              .postal_code = fields.text("postal_code").value_or(""),
                              .city = fields.needed_text("city"),
                              .country = fields.needed_text("country")};
  const bool identified = fields.flag("identified").value_or(false);
  if (!who.country.empty() && !is_country(who.country)) fields.complain("country", "is a code of ISO 3166, such as GB");
  if (auto refusal = fields.refusal()) co_return *refusal;
  // That it is proved is for the operator to say.
  if (identified && from.by && from.by->as == role::subscriber) co_return forbidden();
  const auto now = std::chrono::system_clock::now();
  const auto apply = [&](pqxx::work& tx) -> result<voicemail::renter> {
    const auto owner = subscriber::find_subscriber(tx, account_id);
    if (!owner) return owner.error();
    voicemail::set_renter(tx, account_id, who, identified, now);
    return read_renter(tx, account_id);
  };
  const result<voicemail::renter> done = co_await with.database.run(apply, db::run_options{.idempotent = true});
  co_return done ? json_reply(200, to_json(account_id, *done)) : problem(done.error());
}

}  // namespace tollgate::gateway::api
