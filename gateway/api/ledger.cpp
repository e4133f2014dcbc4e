// SPDX-License-Identifier: Apache-2.0
// Balances, entries, payments, and the ledger's own audit.
#include "billing/ledger.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "billing/account.hpp"
#include "billing/account_currency.hpp"
#include "billing/credit_view.hpp"
#include "billing/error.hpp"
#include "gateway/api/shared_reads.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/list_manners.hpp"
#include "gateway/api/list_page.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/api/tax_json.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

reply no_account() {
  return problem(billing::make_error_code(billing::error::no_account));
}

boost::json::object to_json(const billing::entry& of, const std::string& currency) {
  boost::json::object item{{"sequence", of.sequence},   {"kind", of.kind}, {"contra", of.contra},
                           {"reference", of.reference}, {"note", of.note}, {"currency", currency}};
  put_money(item, "amount", of.amount);
  put_money(item, "posted_after", of.posted_after);
  put_time(item, "at", of.at);
  put_tax(item, of.tax);
  return item;
}

}  // namespace

awaitable<reply> get_balance(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_account();
  result<std::optional<billing::credit_view>> found(std::nullopt);
  if (with.shared != nullptr) {
    found = co_await with.shared->find_credit(*id);
  } else {  // inside of a transaction of somebody's
    const auto read = [&](pqxx::work& tx) { return billing::view_credit(tx, {&*id, 1}, with.options.lapse); };
    const result<std::vector<billing::credit_view>> seen = co_await with.database.run(read, db::run_options{.idempotent = true});
    if (!seen) co_return problem(seen.error());
    if (!seen->empty()) found = std::optional(seen->front());
  }
  if (!found) co_return problem(found.error());
  if (!*found) co_return no_account();
  const billing::credit_view& seen = **found;
  boost::json::object out{{"account_id", uuid_text(*id)}, {"currency", seen.currency}, {"blocked", seen.blocked}};
  put_money(out, "posted", seen.credit.posted);
  put_money(out, "held", seen.credit.held);
  put_money(out, "available", seen.credit.available());
  put_money(out, "inactive", seen.inactive);
  put_money(out, "owed", seen.owed);
  put_time(out, "lapses_at", seen.lapses_at);
  co_return json_reply(200, out);
}

awaitable<reply> list_entries(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  auto fields = field_reader::of_query(from);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto before = fields.integer("before", 1, INT64_MAX);
  const bool oldest_first = !order_of(fields, "-sequence").descending;
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!id) co_return no_account();
  struct page {
    std::string currency;
    std::vector<billing::entry> entries;
  };
  const auto read = [&](pqxx::work& tx) -> result<page> {
    const auto account = billing::find_account(tx, *id);
    if (!account) return account.error();
    return page{account->currency, billing::list_entries(tx, *id, limit, before, oldest_first)};
  };
  const auto write = [&](const page& found) {
    const auto item_of = [&](const billing::entry& each) { return to_json(each, found.currency); };
    return page_reply(found.entries, static_cast<std::size_t>(limit), item_of, [](const auto& last) { return std::to_string(last.sequence); });
  };
  co_return co_await read_list(with, read, write);
}

awaitable<reply> create_payment(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  billing::top_up_request wanted;
  wanted.payment_id = fields.needed_made_text_id(from);
  wanted.account_id = fields.needed_id("account_id");
  wanted.amount = fields.needed_money("amount");
  wanted.currency = fields.text("currency").value_or("");
  wanted.note = fields.text("note").value_or("");
  if (auto refusal = fields.refusal()) co_return *refusal;
  std::string currency;
  const auto credit = [&](pqxx::work& tx) {
    auto done = billing::top_up(tx, wanted, with.options.least_topup);
    if (done) currency = billing::currency_of(tx, wanted.account_id);
    return done;
  };
  const result<billing::top_up_answer> credited =
      co_await with.database.run(credit, db::run_options{.idempotent = true});
  if (!credited) co_return problem(credited.error());
  with.gateway.account_changed(wanted.account_id);
  const bool repeated = credited->status == billing::top_up_status::repeated;
  boost::json::object out{{"id", wanted.payment_id},
                          {"account_id", uuid_text(wanted.account_id)},
                          {"repeated", repeated},
                          {"sequence", credited->sequence},
                          {"currency", currency}};
  put_money(out, "amount", wanted.amount);
  put_money(out, "credited", credited->credited);
  put_money(out, "balance_after", credited->balance_after);
  put_tax(out, credited->tax);
  co_return json_reply(repeated ? 200 : 201, out);
}

awaitable<reply> list_violations(services& with, const request&) {
  const auto read = [](pqxx::work& tx) {
    tx.exec("SET LOCAL statement_timeout = '10min'");
    return billing::violations(tx);
  };
  const db::run_options patient{.idempotent = true, .work_timeout = std::chrono::minutes(10)};
  const result<std::vector<billing::violation>> found = co_await with.database.run(read, patient);
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const billing::violation& each : *found)
    items.push_back(boost::json::object{
        {"what", each.what}, {"account_id", uuid_text(each.account_id)}, {"difference", each.difference}});
  co_return list_reply(std::move(items), std::nullopt);
}

}  // namespace tollgate::gateway::api
