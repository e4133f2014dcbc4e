// SPDX-License-Identifier: Apache-2.0
// From which credit on an account counts as low (the event balance.low).
#include "billing/low_balance.hpp"

#include <boost/json/value.hpp>

#include "billing/error.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;
using billing::low_balance_mark;

reply told(const result<low_balance_mark>& mark) {
  if (!mark) return problem(mark.error());
  boost::json::object out{{"currency", mark->currency}};
  put_money(out, "amount", mark->amount);
  return json_reply(200, out);
}

}  // namespace

awaitable<reply> get_low_balance(services& with, const request& from) {
  const uuid account_id = parse_uuid(from.parameters[0]).value_or(uuid{});
  const auto read = [&](pqxx::work& tx) { return billing::find_low_balance(tx, account_id); };
  co_return told(co_await with.database.run(read, db::run_options{.idempotent = true}));
}

awaitable<reply> put_low_balance(services& with, const request& from) {
  const uuid account_id = parse_uuid(from.parameters[0]).value_or(uuid{});
  auto fields = field_reader::of_body(from);
  const auto amount = fields.needed_money("amount");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto set = [&](pqxx::work& tx) { return billing::set_low_balance(tx, account_id, amount); };
  co_return told(co_await with.database.run(set, db::run_options{.idempotent = true}));
}

}  // namespace tollgate::gateway::api
