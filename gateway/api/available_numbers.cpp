// SPDX-License-Identifier: Apache-2.0
// /v1/available_numbers: what can be ordered, with all that an order needs to know: what each term costs, and what the
// number's country asks of who rents it.
#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "billing/account.hpp"
#include "gateway/api/list_page.hpp"
#include "gateway/api/number_search.hpp"
#include "gateway/api/query_forms.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"
#include "voicemail/country_rules.hpp"
#include "voicemail/number_store.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;

constexpr std::size_t longest_prefix = 15;

struct stock {
  std::string currency;
  std::vector<voicemail::number_record> numbers;
  std::vector<voicemail::rental_price> general;  // prices, where a number has none of its own
  std::vector<voicemail::country_rule> rules;
};

boost::json::object price_json(int months, const std::string& currency, billing::money price) {
  boost::json::object out{{"term_months", months}, {"currency", currency}};
  put_money(out, "price", price);
  return out;
}

// Of every term that may be rented, the shortest first. A price of the number's own goes before the general one.
boost::json::array prices_json(const stock& of, const voicemail::number_record& number) {
  std::vector<std::pair<int, billing::money>> prices;
  for (const auto& each : number.prices)
    if (each.currency == of.currency) prices.emplace_back(each.months, each.price);
  for (const auto& each : of.general) {
    const bool is_own = std::any_of(prices.begin(), prices.end(), [&](const auto& own) { return own.first == each.months; });
    if (!is_own) prices.emplace_back(each.months, each.price);
  }
  std::sort(prices.begin(), prices.end(), [](const auto& one, const auto& other) { return one.first < other.first; });
  boost::json::array out;
  for (const auto& [months, price] : prices)
    out.push_back(price_json(months, of.currency, price));
  return out;
}

boost::json::object to_json(const stock& of, const voicemail::number_record& number) {
  const auto found =
      std::find_if(of.rules.begin(), of.rules.end(), [&](const voicemail::country_rule& each) { return each.country == number.country; });
  const voicemail::country_rule rule = found == of.rules.end() ? voicemail::country_rule{} : *found;
  boost::json::object out{{"number", number.number.e164()},
                          {"country", number.country},
                          {"area", number.area},
                          {"prices", prices_json(of, number)},
                          {"address", voicemail::to_text(rule.address)},
                          {"identity", rule.identity},
                          {"least_term_months", rule.least_term_months},
                          {"note", rule.note}};
  out["most_numbers"] = rule.most_numbers ? boost::json::value(*rule.most_numbers) : boost::json::value(nullptr);
  return out;
}

bool are_digits(const std::string& text) {
  return text.size() <= longest_prefix && text.find_first_not_of("0123456789") == std::string::npos;
}

// As list_numbers' pattern: from the first digit on.
std::string pattern_of(field_reader& fields) {
  const auto pattern = fields.text("pattern"), prefix = fields.text("prefix"), contains = fields.text("contains");
  if (pattern && (prefix || contains)) fields.complain("pattern", "cannot stand beside prefix or contains");
  if (pattern && pattern->find_first_not_of("0123456789?*") != std::string::npos)
    fields.complain("pattern", "has digits, ? for one and * for any");
  if (prefix && !are_digits(*prefix)) fields.complain("prefix", "is at most 15 digits, the country code first, without +");
  if (contains && !are_digits(*contains)) fields.complain("contains", "is at most 15 digits");
  if (pattern) return *pattern;
  if (!prefix && !contains) return {};
  return prefix.value_or("") + "*" + (contains ? *contains + "*" : "");
}

}  // namespace

std::optional<voicemail::price_range> read_price(field_reader& fields, const std::string& own_currency) {
  const auto amount = [&](const char* name) -> std::optional<billing::money> {
    const auto text = fields.text(name, 40);
    if (!text) return std::nullopt;
    const auto parsed = billing::parse_money(*text);
    if (!parsed) fields.complain(name, "must be a decimal with at most six places, such as \"20.00\"");
    return parsed ? std::optional(*parsed) : std::nullopt;
  };
  voicemail::price_range price;
  const auto least = amount("price_least"), most = amount("price_most");
  price.currency = read_currency(fields).value_or(own_currency);
  price.months = static_cast<int>(fields.integer("term_months", 1, 120).value_or(3));
  price.least = least.value_or(price.least);
  price.most = most.value_or(price.most);
  return least || most ? std::optional(price) : std::nullopt;
}

awaitable<reply> list_available_numbers(services& with, const request& from) {
  auto fields = field_reader::of_query(from);
  voicemail::number_filter filter;
  filter.state = voicemail::number_state::available;
  filter.country = read_country(fields).value_or("");
  filter.area = fields.text("area").value_or("");
  filter.pattern = pattern_of(fields);
  filter.after = read_last_number(fields);
  filter.limit = static_cast<int>(fields.integer("limit", 1, 1'000).value_or(100));
  const bool names_currency = fields.has("currency");
  filter.price = read_price(fields, with.options.currency);
  const std::string currency = fields.text("currency").value_or(with.options.currency);  // which read_price has judged
  if (auto refusal = fields.refusal()) co_return *refusal;
  const auto account_id = from.by && from.by->as == role::subscriber ? from.by->account_id : std::nullopt;
  const auto read = [&](pqxx::work& tx) {
    stock found{.currency = currency, .numbers = {}, .general = {}, .rules = voicemail::list_country_rules(tx)};
    auto wanted = filter;
    // A subscriber pays in the currency of its account.
    if (account_id && !names_currency)
      if (const auto account = billing::find_account(tx, *account_id)) found.currency = account->currency;
    if (wanted.price) wanted.price->currency = found.currency;
    found.numbers = voicemail::list_numbers(tx, wanted);
    found.general = voicemail::list_rental_prices(tx, found.currency);
    return found;
  };
  const auto write = [&](const stock& found) {
    return page_reply(found.numbers, static_cast<std::size_t>(filter.limit), [&](const auto& each) { return to_json(found, each); },
                      [](const auto& last) { return last.number.e164(); });
  };
  co_return co_await read_list(with, read, write);
}

}  // namespace tollgate::gateway::api
