// SPDX-License-Identifier: Apache-2.0
// Reading lists of numbers (RFC 4180).
#include <algorithm>
#include <iterator>
#include <set>
#include <variant>

#include "billing/money.hpp"
#include "voicemail/csv.hpp"
#include "voicemail/number_import.hpp"

namespace tollgate::voicemail {
namespace {

using pstn::number::phone_number;

constexpr const char* price_columns[] = {"price_3_months", "price_12_months"};
constexpr int price_months[] = {3, 12};

// The prices of its own that a line gives a number, or what is wrong with them.
std::variant<std::vector<own_price>, const char*> read_prices(const std::string& currency, const std::string& of_3_months,
                                                              const std::string& of_12_months) {
  std::vector<own_price> prices;
  const std::string* texts[] = {&of_3_months, &of_12_months};
  for (std::size_t each = 0; each < std::size(price_months); ++each) {
    if (texts[each]->empty()) continue;
    const auto price = billing::parse_money(*texts[each]);
    if (!price || *price <= billing::money{} || *price > billing::max_balance) return "price_invalid";
    if (currency.empty()) return "currency_missing";
    prices.push_back({.months = price_months[each], .currency = currency, .price = *price});
  }
  return prices;
}

import_list read_list(std::string_view text, const std::set<std::string>& columns) {
  constexpr std::size_t area_most_bytes = 200;
  text = csv::without_mark(text);
  import_list list;
  std::set<std::string> seen;
  std::size_t at = 0;
  const auto header = csv::next_record(text, at);
  const auto places = header ? csv::read_header(*header, columns, "number") : std::nullopt;
  if (!places) {
    list.errors.push_back({1, "columns"});
    return list;
  }
  for (int line = 2; at < text.size(); ++line) {
    const auto begin = at;
    const auto record = csv::next_record(text, at);
    if (!record) {
      list.errors.push_back({line, "malformed"});
      return list;  // where the next line begins is not known
    }
    const int first = line;
    line += static_cast<int>(std::count(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                        text.begin() + static_cast<std::ptrdiff_t>(at), '\n')) - 1;
    if (record->size() == 1 && record->front().empty()) continue;
    const auto field = [&](const char* name) {
      const auto place = places->find(name);
      return place == places->end() ? std::string{} : (*record)[place->second];
    };
    const auto complain = [&](const char* code) { list.errors.push_back({first, code}); };
    if (record->size() != header->size()) {
      complain("columns");
      continue;
    }
    const auto number = phone_number::parse(field("number"));
    if (!number) {
      complain("number_invalid");
      continue;
    }
    if (!seen.insert(number->e164()).second) {
      complain("number_repeated");
      continue;
    }
    import_row row{.line = first, .number = *number, .area = field("area"), .trunk = field("trunk"), .replacement = {}, .prices = {}};
    if (row.area.size() > area_most_bytes) {
      complain("area_too_long");
      continue;
    }
    const auto prices = read_prices(field("currency"), field(price_columns[0]), field(price_columns[1]));
    if (const auto* wrong = std::get_if<const char*>(&prices)) {
      complain(*wrong);
      continue;
    }
    row.prices = std::get<std::vector<own_price>>(prices);
    if (const auto wanted = field("replacement"); !wanted.empty()) {
      const auto replacement = phone_number::parse(wanted);
      if (!replacement || !seen.insert(replacement->e164()).second) {
        complain(replacement ? "number_repeated" : "replacement_invalid");
        continue;
      }
      row.replacement = *replacement;
    }
    if (list.rows.size() == import_most_lines) {
      complain("too_many_lines");
      return list;
    }
    list.rows.push_back(std::move(row));
  }
  return list;
}

}  // namespace

import_list read_number_list(std::string_view csv) {
  return read_list(csv, {"number", "area", "trunk", "currency", price_columns[0], price_columns[1]});
}

import_list read_withdrawal_list(std::string_view csv) {
  return read_list(csv, {"number", "replacement"});
}

}  // namespace tollgate::voicemail
