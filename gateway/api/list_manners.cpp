// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/list_manners.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"

namespace tollgate::gateway::api {
namespace {

namespace json = boost::json;

constexpr std::size_t most_fields = 50, most_listed = 1'000;

// Lists that come page by page, what they call their cursor, and the orders that they have indexes for: the first one where none is
// chosen, each with its last member told apart by the id, so that a page begins exactly where the one before has ended.
struct paged_list {
  std::string_view pattern, cursor, orders{};
};
constexpr std::array<paged_list, 27> paged{{{"/v1/accounts", "after", "name -name created_at -created_at"},
                                            {"/v1/accounts/{}/calls", "before", "-started_at started_at"},
                                            {"/v1/accounts/{}/entries", "before", "-sequence sequence"},
                                            {"/v1/accounts/{}/events", "before", "-at at"},
                                            {"/v1/adjustments", "before", "-sequence sequence"},
                                            {"/v1/api_tokens", "before", "-created_at created_at"},
                                            {"/v1/audit_log", "before", "-id id"},
                                            {"/v1/available_numbers", "after"},
                                            {"/v1/cdr_exports", "after", "-created_at created_at"},
                                            {"/v1/cdrs", "before", "-started_at started_at"},
                                            {"/v1/dial_policies", "after"},
                                            {"/v1/fraud/events", "before", "-hour hour"},
                                            {"/v1/mailboxes", "after"},
                                            {"/v1/mailboxes/{}/voicemails", "before", "-received_at received_at"},
                                            {"/v1/number_imports", "before"},
                                            {"/v1/number_orders", "before", "-sequence sequence"},
                                            {"/v1/numbers", "after", "number -number"},
                                            {"/v1/numbers/{}/events", "before"},
                                            {"/v1/payments", "before"},
                                            {"/v1/rate_imports", "before"},
                                            {"/v1/refunds", "before", "-sequence sequence"},
                                            {"/v1/reratings", "before"},
                                            {"/v1/reratings/{}/calls", "after"},
                                            {"/v1/voucher_batches", "after", "-made_at made_at"},
                                            {"/v1/voucher_batches/{}/vouchers", "after", "serial -serial"},
                                            {"/v1/webhooks", "after", "id -id"},
                                            {"/v1/webhooks/{}/deliveries", "after"}}};

// Lists that are short, and come whole.
constexpr std::array<std::string_view, 17> whole{
    "/v1/accounts/{}/devices",
    "/v1/calls",       "/v1/carriers",      "/v1/cdr_consumers",       "/v1/country_rules", "/v1/currencies", "/v1/fraud/limits", "/v1/ledger/house_accounts",
    "/v1/ledger/tax", "/v1/mailboxes/{}/greetings", "/v1/nodes", "/v1/number_prices", "/v1/rate_decks", "/v1/roles", "/v1/routes",         "/v1/tax_rates",  "/v1/trunks"};

std::optional<std::string> take(request& from, const char* name) {
  const auto found = from.query.find(name);
  if (found == from.query.end()) return std::nullopt;
  std::string value = std::move(found->second);
  from.query.erase(found);
  return value;
}

reply refuse(const char* name, const std::string& why) {
  return problem(422, "invalid_request", "The request has mistakes.", {{name, why, {}, true}});
}

// Whether a list has the order, in words parted by spaces.
bool is_one_of(std::string_view order, std::string_view orders) {
  while (!orders.empty()) {
    const std::string_view one = orders.substr(0, orders.find(' '));
    if (one == order) return true;
    orders.remove_prefix(std::min(one.size() + 1, orders.size()));
  }
  return false;
}

std::optional<std::size_t> number_of(const std::string& text, std::size_t least, std::size_t most) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = error == std::errc{} && end == text.data() + text.size() && value >= least && value <= most;
  return good ? std::optional(value) : std::nullopt;
}

// Numbers by size, texts by their bytes, what is absent first.
bool is_less(const json::value* one, const json::value* other) {
  const auto rank = [](const json::value* value) {
    return value == nullptr || value->is_null() ? 0 : value->is_bool() ? 1 : value->is_number() ? 2 : value->is_string() ? 3 : 4;
  };
  if (rank(one) != rank(other)) return rank(one) < rank(other);
  if (rank(one) == 1) return one->get_bool() < other->get_bool();
  if (rank(one) == 2) return one->to_number<double>() < other->to_number<double>();
  if (rank(one) == 3) return one->get_string() < other->get_string();
  return false;
}

json::value part_of(json::value from, const std::vector<std::string>& fields) {
  auto* const all = from.if_object();
  if (all == nullptr) return from;
  json::object part;
  for (const auto& name : fields)
    if (auto* const value = all->if_contains(name)) part[name] = std::move(*value);
  return part;
}

}  // namespace

list_order order_of(field_reader& fields, std::string_view otherwise) {
  const std::string sort = fields.text("sort").value_or(std::string(otherwise));
  const bool descending = sort.starts_with('-');
  return {sort.substr(descending ? 1 : 0), descending};
}

std::optional<reply> take_wish(const route& of, request& from, list_wish& out) {
  if (of.method != "GET" || from.query.empty()) return std::nullopt;
  const bool is_whole = std::find(whole.begin(), whole.end(), of.pattern) != whole.end();
  const auto page = std::find_if(paged.begin(), paged.end(), [&](const paged_list& one) { return one.pattern == of.pattern; });
  if (const auto fields = take(from, "fields")) {
    for (std::size_t at = 0; at <= fields->size() && out.fields.size() <= most_fields;) {
      const std::size_t end = std::min(fields->find(',', at), fields->size());
      if (end > at) out.fields.push_back(fields->substr(at, end - at));
      at = end + 1;
    }
    if (out.fields.empty() || out.fields.size() > most_fields) return refuse("fields", "are names of members, parted by commas, at most 50");
  }
  if (of.pattern == "/v1/events") {
    const auto cursor = take(from, "cursor");
    if (cursor) from.query[from.query.contains("sort") && from.query.at("sort").starts_with('-') ? "before" : "after"] = *cursor;
    return std::nullopt;
  }
  if (page != paged.end()) {
    if (const auto sort = from.query.find("sort"); sort != from.query.end() && !is_one_of(sort->second, page->orders))
      return refuse("sort", page->orders.empty() ? "cannot be chosen: this list comes page by page in one order"
                                                 : "is one of " + std::string(page->orders) + ": this list comes page by page");
    if (auto cursor = take(from, "cursor")) from.query[std::string(page->cursor)] = std::move(*cursor);
  }
  if (!is_whole) return std::nullopt;
  if (auto sort = take(from, "sort")) {
    out.descending = sort->starts_with('-');
    out.sort = sort->substr(out.descending ? 1 : 0);
    if (out.sort.empty()) return refuse("sort", "is a member of the items, with - before it the other way round");
  }
  if (const auto limit = take(from, "limit")) {
    out.limit = number_of(*limit, 1, most_listed);
    if (!out.limit) return refuse("limit", "is a number from 1 to 1000");
  }
  if (const auto cursor = take(from, "cursor")) {
    const auto begin = number_of(*cursor, 0, 1'000'000'000);
    if (!begin) return refuse("cursor", "is the `next` of a page");
    out.begin = *begin;
  }
  return std::nullopt;
}

void fulfil(const list_wish& wish, reply& out) {
  if (wish.is_empty() || out.status != 200 || out.stream || !out.content_type.starts_with("application/json")) return;
  boost::system::error_code broken;
  auto body = json::parse(out.body, broken);
  auto* const fields = broken ? nullptr : body.if_object();
  if (fields == nullptr) return;
  const bool is_page = wish.limit || wish.begin > 0;
  if (is_page) fields->emplace("next", nullptr);  // now: emplace and [] may move the items
  auto* const listed = fields->if_contains("items");
  if (listed == nullptr || !listed->is_array()) {
    if (!wish.fields.empty()) out.body = json::serialize(part_of(std::move(body), wish.fields));
    return;
  }
  auto& items = listed->get_array();
  if (!wish.sort.empty()) {
    const auto member = [&](const json::value& item) { return item.is_object() ? item.get_object().if_contains(wish.sort) : nullptr; };
    std::stable_sort(items.begin(), items.end(), [&](const json::value& one, const json::value& other) {
      return wish.descending ? is_less(member(other), member(one)) : is_less(member(one), member(other));
    });
  }
  if (is_page) {
    const std::size_t begin = std::min(wish.begin, items.size());
    const std::size_t end = std::min(items.size(), begin + wish.limit.value_or(items.size()));
    const bool more = end < items.size();
    items.erase(items.begin() + end, items.end());
    items.erase(items.begin(), items.begin() + begin);
    fields->at("next") = more ? json::value(std::to_string(end)) : json::value(nullptr);
  }
  if (!wish.fields.empty())
    for (auto& item : items)
      item = part_of(std::move(item), wish.fields);
  out.body = json::serialize(body) + "\n";
}

}  // namespace tollgate::gateway::api
