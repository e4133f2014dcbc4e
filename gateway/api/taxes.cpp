// SPDX-License-Identifier: Apache-2.0
// Tax rates, what a top-up costs and gives, statements, and the tax that is due.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "billing/statement.hpp"
#include "billing/tax.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/query_forms.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/api/tax_json.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

constexpr int ppm_per_percent = 10'000;
constexpr int micros_per_ppm = 100;  // of a percent read as money

boost::json::object to_json(const billing::tax_rate& rate) {
  boost::json::object out{{"country", rate.country},
                          {"subject", billing::to_string(rate.subject)},
                          {"name", rate.name},
                          {"percent", percent_text(rate.rate_ppm)},
                          {"included", rate.included}};
  put_time(out, "effective_from", rate.effective_from);
  return out;
}

reply no_tax_rate() {
  return problem(billing::make_error_code(billing::error::no_tax_rate));
}

struct period {
  wall_time from{}, until{};
};

period period_of(field_reader& fields) {
  const auto from = fields.time("from"), until = fields.time("until");
  if (!from) fields.complain("from", "is needed: an RFC 3339 time");
  if (!until) fields.complain("until", "is needed: an RFC 3339 time");
  if (from && until && *until < *from) fields.complain("until", "must not lie before from");
  return {from.value_or(wall_time{}), until.value_or(wall_time{})};
}

}  // namespace

boost::json::object to_json(const billing::tax_share& share) {
  boost::json::object out{{"country", share.country},
                          {"name", share.name},
                          {"percent", percent_text(share.rate_ppm)},
                          {"included", share.included}};
  put_money(out, "net", share.net);
  put_money(out, "tax", share.tax);
  return out;
}

void put_tax(boost::json::object& into, const std::optional<billing::tax_share>& share) {
  into["tax"] = share ? boost::json::value(to_json(*share)) : boost::json::value(nullptr);
}

std::string percent_text(int rate_ppm) {
  return billing::to_string({std::int64_t{rate_ppm} * micros_per_ppm});
}

std::optional<int> parse_percent(std::string_view text) {
  const auto percent = billing::parse_money(text);
  if (!percent || percent->micros < 0 || percent->micros % micros_per_ppm != 0) return std::nullopt;
  const auto ppm = percent->micros / micros_per_ppm;
  if (ppm > 100 * ppm_per_percent) return std::nullopt;
  return static_cast<int>(ppm);
}

awaitable<reply> list_tax_rates(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const auto country = read_country(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) { return billing::list_tax_rates(tx, country); };
  const result<std::vector<billing::tax_rate>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const auto& each : *found)
    items.push_back(to_json(each));
  co_return list_reply(std::move(items), std::nullopt);
}

awaitable<reply> set_tax_rate(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  billing::tax_rate wanted;
  wanted.country = from.parameters[0];
  const auto subject = billing::parse_tax_subject(from.parameters[1]);
  wanted.name = fields.needed_text("name", 40);
  const auto percent = parse_percent(fields.needed_text("percent"));
  if (!percent)
    fields.complain("percent", "must be a decimal from 0 to 100 with at most four decimals: 19, 8.875");
  const auto included = fields.flag("included");
  if (!included)
    fields.complain("included", "is needed: true if prices contain the tax, false if it comes on top");
  const auto effective_from = fields.time("effective_from");
  if (!effective_from) fields.complain("effective_from", "is needed: an RFC 3339 time");
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!subject) co_return no_tax_rate();
  wanted.subject = *subject;
  wanted.rate_ppm = *percent;
  wanted.included = *included;
  wanted.effective_from = *effective_from;
  const auto set = [&](pqxx::work& tx) { return billing::set_tax_rate(tx, wanted); };
  const result<void> done = co_await with.database.run(set, db::run_options{.idempotent = true});
  co_return done ? json_reply(200, to_json(wanted)) : problem(done.error());
}

awaitable<reply> remove_tax_rate(services& with, const request& from) {
  const auto subject = billing::parse_tax_subject(from.parameters[1]);
  const auto at = parse_rfc3339(from.parameters[2]);
  if (!subject || !at) co_return no_tax_rate();
  const auto remove = [&](pqxx::work& tx) {
    return billing::remove_tax_rate(tx, from.parameters[0], *subject, *at);
  };
  const result<void> done = co_await with.database.run(remove);
  co_return done ? reply{.status = 204, .content_type = "", .body = "", .headers = {}}
                 : problem(done.error());
}

awaitable<reply> get_top_up_quote(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  auto fields = field_reader::of_query(from);
  const auto paid = fields.text("paid"), credit = fields.text("credit");
  const auto amount = billing::parse_money(paid ? *paid : credit.value_or(""));
  if (paid.has_value() == credit.has_value())
    fields.complain("paid", "is needed, or credit in its place");
  else if (!amount)
    fields.complain(paid ? "paid" : "credit", "must be a decimal such as 20.00");
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!id) co_return problem(billing::make_error_code(billing::error::no_account));
  const auto now = std::chrono::system_clock::now();
  const auto quote = [&](pqxx::work& tx) {
    return paid ? billing::quote_paid(tx, *id, *amount, now) : billing::quote_credit(tx, *id, *amount, now);
  };
  const result<billing::top_up_quote> found =
      co_await with.database.run(quote, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::object out{{"currency", found->currency}};
  put_money(out, "paid", found->paid);
  put_money(out, "credit", found->credit);
  put_tax(out, found->tax);
  co_return json_reply(200, out);
}

awaitable<reply> get_statement(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  auto fields = field_reader::of_query(from);
  const auto over = period_of(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!id) co_return problem(billing::make_error_code(billing::error::no_account));
  const auto make = [&](pqxx::work& tx) { return billing::make_statement(tx, *id, over.from, over.until); };
  const result<billing::statement> made =
      co_await with.database.run(make, db::run_options{.idempotent = true});
  if (!made) co_return problem(made.error());
  boost::json::object out{{"account_id", uuid_text(*id)},
                          {"currency", made->currency},
                          {"first_sequence", made->first_sequence},
                          {"last_sequence", made->last_sequence}};
  put_time(out, "from", over.from);
  put_time(out, "until", over.until);
  put_money(out, "opening", made->opening);
  put_money(out, "closing", made->closing);
  boost::json::array totals, taxes;
  for (const auto& each : made->totals) {
    boost::json::object one{{"kind", each.kind}, {"entries", each.entries}};
    put_money(one, "amount", each.amount);
    totals.push_back(std::move(one));
  }
  for (const auto& each : made->taxes) {
    boost::json::object one = to_json(each.share);
    one["kind"] = each.kind;
    one["entries"] = each.entries;
    taxes.push_back(std::move(one));
  }
  out["totals"] = std::move(totals);
  out["taxes"] = std::move(taxes);
  co_return json_reply(200, out);
}

awaitable<reply> list_tax_due(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const auto over = period_of(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) {
    tx.exec("SET LOCAL statement_timeout = '10min'");
    return billing::tax_totals(tx, over.from, over.until);
  };
  const db::run_options patient{.idempotent = true, .work_timeout = std::chrono::minutes(10)};
  const result<std::vector<billing::tax_total>> found = co_await with.database.run(read, patient);
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const auto& each : *found) {
    boost::json::object one{{"country", each.country},
                            {"name", each.name},
                            {"percent", percent_text(each.rate_ppm)},
                            {"subject", billing::to_string(each.subject)},
                            {"currency", each.currency},
                            {"entries", each.entries}};
    put_money(one, "net", each.net);
    put_money(one, "tax", each.tax);
    items.push_back(std::move(one));
  }
  co_return list_reply(std::move(items), std::nullopt);
}

}  // namespace tollgate::gateway::api
