// SPDX-License-Identifier: Apache-2.0
// What is set by currency: the least top-up, and the prices of rented numbers' terms.
#include "billing/currency.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <charconv>

#include "billing/subscription.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

reply no_content() {
  return {.status = 204, .content_type = "", .body = "", .headers = {}};
}

// 0: the text is no number of months.
int months_of(const std::string& text) {
  int months = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, months);
  return failure == std::errc() && stop == end ? months : 0;
}

}  // namespace

awaitable<reply> list_currencies(services& with, const request&) {
  const auto read = [](pqxx::work& tx) { return billing::list_currencies(tx); };
  const result<std::vector<billing::currency>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const auto& each : *found) {
    boost::json::object one{{"currency", each.code}, {"decimals", each.decimals}};
    put_money(one, "least_topup", each.least_top_up.value_or(with.options.least_topup));
    items.push_back(std::move(one));
  }
  co_return list_reply(std::move(items), std::nullopt);
}

awaitable<reply> set_least_topup(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  const auto amount = fields.needed_money("amount");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto set = [&](pqxx::work& tx) { return billing::set_least_top_up(tx, from.parameters[0], amount); };
  const result<void> done = co_await with.database.run(set, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  boost::json::object out{{"currency", from.parameters[0]}};
  put_money(out, "least_topup", amount);
  co_return json_reply(200, out);
}

awaitable<reply> remove_least_topup(services& with, const request& from) {
  const auto set = [&](pqxx::work& tx) {
    return billing::set_least_top_up(tx, from.parameters[0], std::nullopt);
  };
  const result<void> done = co_await with.database.run(set, db::run_options{.idempotent = true});
  co_return done ? no_content() : problem(done.error());
}

awaitable<reply> set_number_price(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  const auto price = fields.needed_money("price");
  if (price <= billing::money{}) fields.complain("price", "must be above 0: DELETE takes the term off sale");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const int months = months_of(from.parameters[1]);
  const auto set = [&](pqxx::work& tx) {
    return billing::set_term(tx, from.parameters[0], std::chrono::months{months}, price);
  };
  const result<void> done = co_await with.database.run(set, db::run_options{.idempotent = true});
  if (!done) co_return problem(done.error());
  boost::json::object out{{"term_months", months}, {"currency", from.parameters[0]}};
  put_money(out, "price", price);
  co_return json_reply(200, out);
}

awaitable<reply> remove_number_price(services& with, const request& from) {
  const int months = months_of(from.parameters[1]);
  const auto remove = [&](pqxx::work& tx) {
    return billing::set_term(tx, from.parameters[0], std::chrono::months{months}, {});
  };
  const result<void> done = co_await with.database.run(remove);
  co_return done ? no_content() : problem(done.error());
}

}  // namespace tollgate::gateway::api
