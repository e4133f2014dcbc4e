// SPDX-License-Identifier: Apache-2.0
// /v1/voucher_batches: PINs are in the answer that makes them, and nowhere afterwards.
#include "billing/voucher.hpp"

#include <charconv>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "billing/account_currency.hpp"
#include "billing/error.hpp"
#include "billing/voucher_list.hpp"
#include "gateway/api/external_id.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/list_manners.hpp"
#include "gateway/api/list_page.hpp"
#include "gateway/api/lookups.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

reply no_batch() {
  return problem(billing::make_error_code(billing::error::no_batch));
}

boost::json::object to_json(const billing::voucher_batch& batch) {
  boost::json::object out{{"id", uuid_text(batch.batch_id)},
                          {"currency", batch.currency},
                          {"vouchers", batch.vouchers},
                          {"redeemed", batch.redeemed},
                          {"note", batch.note}};
  put_money(out, "value", batch.value);
  put_time(out, "expires_at", batch.expires_at);
  put_time(out, "revoked_at", batch.revoked_at);
  return out;
}

boost::json::object to_json(const billing::voucher_batch& batch, const billing::voucher_record& one) {
  const auto now = std::chrono::system_clock::now();
  boost::json::object out{{"batch_id", uuid_text(batch.batch_id)}, {"serial", one.serial}, {"currency", batch.currency}};
  out["state"] = one.account_id ? "redeemed" : batch.revoked_at ? "revoked" : batch.expires_at <= now ? "expired" : "valid";
  put_money(out, "value", batch.value);
  put_time(out, "expires_at", batch.expires_at);
  out["account_id"] = one.account_id ? boost::json::value(uuid_text(*one.account_id)) : boost::json::value(nullptr);
  out["sequence"] = one.sequence ? boost::json::value(*one.sequence) : boost::json::value(nullptr);
  put_time(out, "redeemed_at", one.redeemed_at);
  return out;
}

reply no_voucher() {
  return problem(404, "no_voucher", "The batch has no voucher of this serial.");
}

// How it is now, with the name that it has elsewhere, read within the same transaction.
reply shown(const result<billing::voucher_batch>& now, const std::optional<std::string>& name) {
  if (!now) return problem(now.error());
  boost::json::object body = to_json(*now);
  put_external_id(body, name);
  return json_reply(200, body);
}

}  // namespace

awaitable<reply> list_voucher_batches(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto external = fields.text("external_id");
  const auto after = fields.id("after");
  const bool oldest_first = !order_of(fields, "-made_at").descending;
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) {
    if (!external) return billing::list_batches(tx, limit, after, oldest_first);
    const auto id = parse_uuid(find_by_external_id(tx, "voucher_batch", *external).value_or(""));
    const auto one = id ? billing::find_listed_batch(tx, *id) : std::nullopt;
    return one ? std::vector<billing::listed_batch>{*one} : std::vector<billing::listed_batch>{};
  };
  const result<std::vector<billing::listed_batch>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const auto& each : *found) {
    boost::json::object item = to_json(each.batch);
    put_time(item, "made_at", each.made_at);
    items.push_back(std::move(item));
  }
  const auto unnamed = co_await put_external_ids(with, "voucher_batch", items);
  if (unnamed) co_return problem(unnamed);
  const bool more = !external && found->size() == static_cast<std::size_t>(limit);
  co_return list_reply(std::move(items), more ? std::optional(uuid_text(found->back().batch.batch_id)) : std::nullopt);
}

awaitable<reply> list_vouchers(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  auto fields = field_reader::of_query(from);
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto after = fields.integer("after", 1, billing::most_vouchers);
  const bool descending = order_of(fields, "serial").descending;
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!id) co_return no_batch();
  struct page {
    billing::voucher_batch batch;
    std::vector<billing::voucher_record> vouchers;
  };
  const auto read = [&](pqxx::work& tx) -> result<page> {
    const auto batch = billing::find_voucher_batch(tx, *id);
    if (!batch) return billing::make_error_code(billing::error::no_batch);
    return page{*batch, billing::list_vouchers(tx, *id, limit, after ? std::optional(static_cast<int>(*after)) : std::nullopt, descending)};
  };
  const auto write = [&](const page& found) {
    return page_reply(found.vouchers, static_cast<std::size_t>(limit), [&](const auto& each) { return to_json(found.batch, each); },
                      [](const auto& last) { return std::to_string(last.serial); });
  };
  co_return co_await read_list(with, read, write);
}

awaitable<reply> get_voucher(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  int serial = 0;
  const std::string& text = from.parameters[1];
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), serial);
  if (!id) co_return no_batch();
  if (wrong != std::errc{} || end != text.data() + text.size()) co_return no_voucher();
  const auto read = [&](pqxx::work& tx) -> result<reply> {
    const auto batch = billing::find_voucher_batch(tx, *id);
    if (!batch) return billing::make_error_code(billing::error::no_batch);
    const auto one = billing::find_voucher(tx, *id, serial);
    return one ? json_reply(200, to_json(*batch, *one)) : no_voucher();
  };
  result<reply> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return found ? std::move(*found) : problem(found.error());
}

awaitable<reply> create_voucher_batch(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  billing::voucher_batch wanted;
  wanted.batch_id = fields.needed_made_id(from);
  wanted.value = fields.needed_money("value");
  wanted.currency = fields.text("currency").value_or(with.options.currency);
  wanted.vouchers = static_cast<int>(fields.needed_integer("vouchers", 1, billing::most_vouchers));
  wanted.note = fields.text("note").value_or("");
  const external_name external = read_external_id(fields);
  const auto expires_at = fields.time("expires_at");
  if (!expires_at) fields.complain("expires_at", "is needed");
  if (expires_at && *expires_at <= std::chrono::system_clock::now())
    fields.complain("expires_at", "lies in the past");
  if (auto refusal = fields.refusal()) co_return *refusal;
  wanted.expires_at = *expires_at;
  // Not idempotent: were it repeated after a commit whose answer was lost, the PINs would be others.
  const auto make = [&](pqxx::work& tx) -> result<std::vector<billing::voucher_print>> {
    auto printed = billing::make_vouchers(tx, with.options.voucher_key, wanted);
    if (!printed) return printed;
    if (const auto named = set_external_id(tx, {"voucher_batch", uuid_text(wanted.batch_id)}, external); named.has_error()) return named.error();
    return printed;
  };
  const result<std::vector<billing::voucher_print>> made = co_await with.database.run(make);
  if (!made) co_return problem(made.error());
  boost::json::object out = to_json(wanted);
  put_external_id(out, external.name);
  boost::json::array pins;
  for (const auto& each : *made)
    pins.push_back(boost::json::object{{"serial", each.serial}, {"pin", each.pin}});
  out["pins"] = std::move(pins);
  reply answer = json_reply(201, out);
  answer.headers.emplace_back("Location", "/v1/voucher_batches/" + uuid_text(wanted.batch_id));
  co_return answer;
}

awaitable<reply> get_voucher_batch(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_batch();
  std::optional<std::string> name;
  const auto read = [&](pqxx::work& tx) -> result<billing::voucher_batch> {
    name = external_id_of(tx, {"voucher_batch", uuid_text(*id)});
    const auto found = billing::find_voucher_batch(tx, *id);
    if (!found) return billing::make_error_code(billing::error::no_batch);
    return *found;
  };
  const result<billing::voucher_batch> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  co_return shown(found, name);
}

awaitable<reply> revoke_voucher_batch(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id) co_return no_batch();
  const auto now = std::chrono::system_clock::now();
  std::optional<std::string> name;
  const auto revoke = [&](pqxx::work& tx) -> result<billing::voucher_batch> {
    name = external_id_of(tx, {"voucher_batch", uuid_text(*id)});
    const auto revoked = billing::revoke_vouchers(tx, *id, now);
    if (revoked.has_error()) return revoked.error();
    return billing::find_voucher_batch(tx, *id).value();
  };
  const result<billing::voucher_batch> done =
      co_await with.database.run(revoke, db::run_options{.idempotent = true});
  co_return shown(done, name);
}

awaitable<reply> redeem_account_voucher(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  auto fields = field_reader::of_body(from);
  const auto pin = billing::parse_pin(fields.needed_text("pin"));
  if (!pin) fields.complain("pin", "must be 16 digits");
  if (auto refusal = fields.refusal()) co_return *refusal;
  if (!id) co_return problem(billing::make_error_code(billing::error::no_account));
  const auto now = std::chrono::system_clock::now();
  std::string currency;
  const auto redeem = [&](pqxx::work& tx) {
    currency = billing::currency_of(tx, *id);
    return billing::redeem_voucher(tx, with.options.voucher_key, *id, *pin, now);
  };
  const result<billing::redemption> done =
      co_await with.database.run(redeem, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  if (done->status == billing::redemption_status::refused) {
    reply refusal = problem(billing::make_error_code(done->why));
    if (done->why == billing::error::voucher_locked)
      refusal.headers.emplace_back("Retry-After", std::to_string(done->retry_after.count()));
    co_return refusal;
  }
  with.gateway.account_changed(*id);
  const bool repeated = done->status == billing::redemption_status::repeated;
  boost::json::object out{{"account_id", uuid_text(*id)}, {"repeated", repeated}, {"currency", currency}};
  put_money(out, "value", done->value);
  put_money(out, "balance_after", done->balance_after);
  co_return json_reply(repeated ? 200 : 201, out);
}

}  // namespace tollgate::gateway::api
