// SPDX-License-Identifier: Apache-2.0
// Refunds, goodwill, adjustments, reactivation, an account's events, and the house accounts.
#include "billing/credit.hpp"

#include <charconv>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "billing/account_currency.hpp"
#include "billing/account_event_list.hpp"
#include "billing/credit_life.hpp"
#include "billing/error.hpp"
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

// Microseconds since 1970, a dot, and the key.
std::string place_of(const billing::account_event& event) {
  return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(event.at.time_since_epoch()).count()) + "." + event.key;
}

std::optional<billing::event_place> parse_place(const std::string& text) {
  std::int64_t micros = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), micros);
  if (wrong != std::errc{} || end == text.data() + text.size() || *end != '.' || micros < 0 || micros > INT64_MAX / 1'000) return std::nullopt;
  return billing::event_place{wall_time{std::chrono::microseconds{micros}}, std::string(end + 1, text.data() + text.size())};
}

}  // namespace

awaitable<reply> create_refund(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  billing::refund_request wanted;
  wanted.refund_id = fields.needed_made_text_id(from);
  wanted.payment_id = fields.needed_text("payment_id");
  wanted.amount = fields.needed_money("amount");
  wanted.currency = fields.text("currency").value_or("");
  wanted.note = fields.text("note").value_or("");
  if (auto refusal = fields.refusal()) co_return *refusal;
  std::string currency;
  const auto refund = [&](pqxx::work& tx) {
    auto done = billing::refund_payment(tx, wanted);
    if (done) currency = billing::currency_of(tx, done->account_id);
    return done;
  };
  const result<billing::refund_answer> done =
      co_await with.database.run(refund, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  with.gateway.account_changed(done->account_id);
  boost::json::object out{{"id", wanted.refund_id},
                          {"payment_id", wanted.payment_id},
                          {"account_id", uuid_text(done->account_id)},
                          {"repeated", done->repeated},
                          {"currency", currency}};
  put_money(out, "amount", wanted.amount);
  put_money(out, "left", done->left);
  put_money(out, "debited", done->debited);
  put_tax(out, done->tax);
  put_money(out, "balance_after", done->balance_after);
  co_return json_reply(done->repeated ? 200 : 201, out);
}

awaitable<reply> create_adjustment(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  billing::adjustment_request wanted;
  wanted.reference = fields.needed_made_text_id(from);
  wanted.account_id = fields.needed_id("account_id");
  wanted.amount = fields.needed_money("amount");
  wanted.note = fields.needed_text("note");
  wanted.currency = fields.text("currency").value_or("");
  wanted.now = std::chrono::system_clock::now();
  const auto kind = fields.needed_text("kind");
  if (kind == "goodwill")
    wanted.kind = billing::adjustment_kind::goodwill;
  else if (kind != "adjustment")
    fields.complain("kind", "must be goodwill or adjustment");
  if (auto refusal = fields.refusal()) co_return *refusal;
  std::string currency;
  const auto adjust = [&](pqxx::work& tx) {
    auto done = billing::adjust(tx, wanted);
    if (done) currency = billing::currency_of(tx, wanted.account_id);
    return done;
  };
  const result<billing::adjustment_answer> done =
      co_await with.database.run(adjust, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  with.gateway.account_changed(wanted.account_id);
  boost::json::object out{{"id", wanted.reference},
                          {"account_id", uuid_text(wanted.account_id)},
                          {"kind", kind},
                          {"repeated", done->repeated},
                          {"sequence", done->sequence},
                          {"currency", currency}};
  put_money(out, "amount", wanted.amount);
  put_money(out, "balance_after", done->balance_after);
  co_return json_reply(done->repeated ? 200 : 201, out);
}

awaitable<reply> list_house_accounts(services& with, const request&) {
  const auto read = [](pqxx::work& tx) {
    tx.exec("SET LOCAL statement_timeout = '10min'");
    return billing::list_house_accounts(tx);
  };
  const db::run_options patient{.idempotent = true, .work_timeout = std::chrono::minutes(10)};
  const result<std::vector<billing::house_account>> found = co_await with.database.run(read, patient);
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const auto& each : *found) {
    boost::json::object item{{"name", each.name}, {"currency", each.currency}, {"entries", each.entries}};
    put_money(item, "balance", each.balance);
    items.push_back(std::move(item));
  }
  co_return list_reply(std::move(items), std::nullopt);
}

awaitable<reply> reactivate_credit(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_account();
  const auto now = std::chrono::system_clock::now();
  const bool own = from.by && from.by->as == role::subscriber;
  const auto who = own ? billing::actor::subscriber : billing::actor::admin;
  std::string currency;
  const auto reactivate = [&](pqxx::work& tx) {
    auto done = billing::reactivate(tx, *id, who, now);
    if (done) currency = billing::currency_of(tx, *id);
    return done;
  };
  const result<billing::reactivation> done =
      co_await with.database.run(reactivate, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  with.gateway.account_changed(*id);
  boost::json::object out{{"account_id", uuid_text(*id)}, {"currency", currency}};
  put_money(out, "reactivated", done->amount);
  put_money(out, "balance_after", done->balance_after);
  co_return json_reply(200, out);
}

awaitable<reply> list_account_events(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  auto fields = field_reader::of_query(from);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto before = fields.text("before", 1'000);
  const auto behind = before ? parse_place(*before) : std::nullopt;
  if (before && !behind) fields.complain("before", "is the `next` of a page");
  const bool oldest_first = !order_of(fields, "-at").descending;
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!id) co_return no_account();
  const auto read = [&](pqxx::work& tx) -> result<std::vector<billing::account_event>> {
    const auto account = billing::find_account(tx, *id);
    if (!account) return account.error();
    return billing::list_events_behind(tx, *id, limit, behind, oldest_first);
  };
  const auto item_of = [](const billing::account_event& each) {
    boost::json::object item{{"key", each.key},
                             {"kind", each.kind},
                             {"body", boost::json::parse(each.body)},
                             {"void", each.is_void}};
    put_time(item, "at", each.at);
    put_time(item, "delivered_at", each.delivered_at);
    return item;
  };
  const auto write = [&](const std::vector<billing::account_event>& found) {
    return page_reply(found, static_cast<std::size_t>(limit), item_of, [](const auto& last) { return place_of(last); });
  };
  co_return co_await read_list(with, read, write);
}

}  // namespace tollgate::gateway::api
