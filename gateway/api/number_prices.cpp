// SPDX-License-Identifier: Apache-2.0
// What terms cost: in general, and of single numbers.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <charconv>

#include "gateway/api/fields.hpp"
#include "gateway/api/query_forms.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "voicemail/number_store.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

boost::json::object to_json(int months, const std::string& currency, billing::money price) {
  boost::json::object out{{"term_months", months}, {"currency", currency}};
  put_money(out, "price", price);
  return out;
}

// 0, which no term has, for what is no number.
int months_of(const std::string& text) {
  int months = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), months);
  return wrong == std::errc{} && end == text.data() + text.size() ? months : 0;
}

// The price of the path's number, currency and term, as far as the path makes sense.
awaitable<result<void>> set(services& with, const request& from, billing::money price) {
  const auto number = pstn::phone_number::parse(from.parameters[0]);
  if (!number) co_return voicemail::make_error_code(voicemail::error::number_unknown);
  const voicemail::own_price wanted{
      .months = months_of(from.parameters[2]), .currency = from.parameters[1], .price = price};
  const auto apply = [&](pqxx::work& tx) { return voicemail::set_number_price(tx, *number, wanted); };
  co_return co_await with.database.run(apply, db::run_options{.idempotent = price > billing::money{}});
}

}  // namespace

awaitable<reply> list_number_prices(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  const std::string currency = read_currency(fields).value_or(with.options.currency);
  const auto number = fields.number("number");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto read = [&](pqxx::work& tx) -> result<std::vector<voicemail::rental_price>> {
    if (number && !voicemail::find_number(tx, *number)) return voicemail::make_error_code(voicemail::error::number_unknown);
    return voicemail::list_rental_prices(tx, currency, number);
  };
  const result<std::vector<voicemail::rental_price>> found =
      co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const voicemail::rental_price& each : *found)
    items.push_back(to_json(each.months, each.currency, each.price));
  co_return list_reply(std::move(items), std::nullopt);
}

awaitable<reply> set_own_number_price(services& with, const request& from) {
  auto fields = field_reader::of_body(from);
  const auto price = fields.needed_money("price");
  if (price <= billing::money{}) fields.complain("price", "must be above 0: DELETE brings the general price back");
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto done = co_await set(with, from, price);
  if (!done) co_return problem(done.error());
  co_return json_reply(200, to_json(months_of(from.parameters[2]), from.parameters[1], price));
}

awaitable<reply> remove_own_number_price(services& with, const request& from) {
  const auto done = co_await set(with, from, {});
  if (!done) co_return problem(done.error());
  reply out;
  out.status = 204;
  co_return out;
}

}  // namespace tollgate::gateway::api
