// SPDX-License-Identifier: Apache-2.0
// /v1/refunds and /v1/adjustments as they can be looked up; credit.cpp makes them.
#include "billing/credit_list.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/list_page.hpp"
#include "gateway/api/lookups.hpp"
#include "gateway/api/sequence_page.hpp"
#include "gateway/api/tax_json.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;
using adjustments = std::vector<billing::adjustment_record>;

boost::json::object to_json(const billing::refund_record& of) {
  boost::json::object out{{"id", of.refund_id},       {"payment_id", of.payment_id}, {"account_id", uuid_text(of.account_id)},
                          {"currency", of.currency},  {"sequence", of.sequence},     {"note", of.note}};
  put_money(out, "amount", of.amount);
  put_money(out, "debited", of.debited);
  put_tax(out, of.tax);
  put_time(out, "at", of.at);
  return out;
}

boost::json::object to_json(const billing::adjustment_record& of) {
  boost::json::object out{{"id", of.reference},      {"account_id", uuid_text(of.account_id)}, {"kind", billing::to_string(of.kind)},
                          {"currency", of.currency}, {"sequence", of.sequence},                {"note", of.note}};
  put_money(out, "amount", of.amount);
  put_time(out, "at", of.at);
  return out;
}

template <class Record>
reply page_of(const std::vector<Record>& found, const billing::sequence_page& page) {
  return page_reply(found, static_cast<std::size_t>(page.limit), [](const Record& each) { return to_json(each); },
                    [](const Record& last) { return std::to_string(last.sequence); });
}

std::optional<billing::adjustment_kind> read_kind(field_reader& fields) {
  const auto kind = fields.text("kind");
  if (!kind) return std::nullopt;
  if (*kind == "goodwill") return billing::adjustment_kind::goodwill;
  if (*kind != "adjustment") fields.complain("kind", "must be goodwill or adjustment");
  return billing::adjustment_kind::adjustment;
}

}  // namespace

awaitable<reply> list_refunds(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const uuid account_id = fields.needed_id("account_id");
  const std::string payment_id = fields.text("payment_id").value_or("");
  const auto page = read_sequence_page(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) { return billing::list_refunds(tx, account_id, page, payment_id); };
  const auto write = [&](const std::vector<billing::refund_record>& found) { return page_of(found, page); };
  co_return co_await read_list(with, read, write);
}

awaitable<reply> get_refund(services& with, const request& from) {
  const auto read = [&](pqxx::work& tx) { return billing::find_refund(tx, from.parameters[0]); };
  const result<std::optional<billing::refund_record>> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  co_return *found ? json_reply(200, to_json(**found)) : problem(404, "no_refund", "There is no such refund.");
}

awaitable<reply> list_adjustments(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const uuid account_id = fields.needed_id("account_id");
  const auto page = read_sequence_page(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) { return billing::list_adjustments(tx, account_id, page); };
  const auto write = [&](const adjustments& found) { return page_of(found, page); };
  co_return co_await read_list(with, read, write);
}

// An id is one of its account and kind; where several have it, the query says whose is meant.
awaitable<reply> get_adjustment(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const auto account_id = fields.id("account_id");
  const auto kind = read_kind(fields);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) { return billing::find_adjustments(tx, from.parameters[0], account_id, kind); };
  const result<adjustments> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  if (found->empty()) co_return problem(404, "no_adjustment", "There is no such adjustment.");
  if (found->size() > 1) co_return problem(409, "adjustment_ambiguous", "Several adjustments have this id: name account_id, or kind.");
  co_return json_reply(200, to_json(found->front()));
}

}  // namespace tollgate::gateway::api
