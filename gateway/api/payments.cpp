// SPDX-License-Identifier: Apache-2.0
// /v1/payments as they can be looked up; ledger.cpp makes them.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "billing/error.hpp"
#include "billing/payment_list.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/list_page.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

boost::json::object to_json(const billing::payment_record& of) {
  boost::json::object out{{"id", of.payment_id}, {"account_id", uuid_text(of.account_id)}, {"currency", of.currency}, {"sequence", of.sequence}, {"note", of.note}};
  put_money(out, "amount", of.amount);
  put_money(out, "credited", of.credited);
  put_money(out, "refunded", of.refunded);
  put_time(out, "at", of.at);
  return out;
}

}  // namespace

awaitable<reply> list_payments(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const uuid account_id = fields.needed_id("account_id");
  const int limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const auto before = fields.integer("before", 1, INT64_MAX);
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) { return billing::list_payments(tx, account_id, limit, before); };
  const auto write = [&](const std::vector<billing::payment_record>& found) {
    return page_reply(found, static_cast<std::size_t>(limit), [](const auto& each) { return to_json(each); },
                      [](const auto& last) { return std::to_string(last.sequence); });
  };
  co_return co_await read_list(with, read, write);
}

awaitable<reply> get_payment(services& with, const request& from) {
  const auto read = [&](pqxx::work& tx) { return billing::find_payment(tx, from.parameters[0]); };
  const result<std::optional<billing::payment_record>> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  co_return *found ? json_reply(200, to_json(**found)) : problem(billing::make_error_code(billing::error::no_payment));
}

}  // namespace tollgate::gateway::api
