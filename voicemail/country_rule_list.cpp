// SPDX-License-Identifier: Apache-2.0
// Rules of countries as CSV (RFC 4180).
#include <algorithm>
#include <charconv>
#include <functional>
#include <set>

#include "voicemail/country_rules.hpp"
#include "voicemail/csv.hpp"

namespace tollgate::voicemail {
namespace {

constexpr std::size_t note_most_bytes = 500;
constexpr int months_most = 120;
constexpr int numbers_most = 1'000'000;

bool is_country(std::string_view text) {
  const auto upper = [](char one) { return one >= 'A' && one <= 'Z'; };
  return text == "001" || (text.size() == 2 && std::all_of(text.begin(), text.end(), upper));
}

// An integer from 1 to `most`; empty: it is none.
std::optional<int> read_count(std::string_view text, int most) {
  int value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc{} || end != text.data() + text.size() || value < 1 || value > most) return std::nullopt;
  return value;
}

using field_of = std::function<std::string(const char*)>;

// What is wrong, or nothing and the rule is filled.
const char* read_rule(const field_of& field, country_rule& rule) {
  rule.country = field("country");
  if (!is_country(rule.country)) return "country_invalid";
  if (const auto text = field("address"); !text.empty()) {
    const auto address = parse_address_rule(text);
    if (!address) return "address_invalid";
    rule.address = *address;
  }
  const auto identity = field("identity");
  if (!identity.empty() && identity != "yes" && identity != "no") return "identity_invalid";
  rule.identity = identity == "yes";
  if (const auto text = field("least_term_months"); !text.empty()) {
    const auto months = read_count(text, months_most);
    if (!months) return "term_invalid";
    rule.least_term_months = *months;
  }
  if (const auto text = field("most_numbers"); !text.empty()) {
    rule.most_numbers = read_count(text, numbers_most);
    if (!rule.most_numbers) return "most_numbers_invalid";
  }
  rule.note = field("note");
  return rule.note.size() > note_most_bytes ? "note_too_long" : nullptr;
}

}  // namespace

country_rule_list read_country_rules(std::string_view text) {
  text = csv::without_mark(text);
  country_rule_list list;
  std::size_t at = 0;
  const auto header = csv::next_record(text, at);
  const std::set<std::string> columns{"country", "address", "identity", "least_term_months", "most_numbers", "note"};
  const auto places = header ? csv::read_header(*header, columns, "country") : std::nullopt;
  if (!places) {
    list.errors.push_back({1, "columns"});
    return list;
  }
  std::set<std::string> seen;
  int next_line = 2;
  while (at < text.size()) {
    const int line = next_line;
    const auto begin = at;
    const auto record = csv::next_record(text, at);
    if (!record) {
      list.errors.push_back({line, "malformed"});
      return list;  // where the next line begins is not known
    }
    next_line += static_cast<int>(std::count(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                             text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    if (record->size() == 1 && record->front().empty()) continue;
    if (record->size() != header->size()) {
      list.errors.push_back({line, "columns"});
      continue;
    }
    country_rule rule;
    const auto field = [&](const char* name) {
      const auto place = places->find(name);
      return place == places->end() ? std::string{} : (*record)[place->second];
    };
    if (const char* wrong = read_rule(field, rule))
      list.errors.push_back({line, wrong});
    else if (!seen.insert(rule.country).second)
      list.errors.push_back({line, "country_repeated"});
    else
      list.rules.push_back(std::move(rule));
  }
  return list;
}

std::string write_country_rules(const std::vector<country_rule>& rules) {
  std::string out = "country,address,identity,least_term_months,most_numbers,note\r\n";
  for (const auto& rule : rules)
    out += rule.country + "," + std::string(to_text(rule.address)) + "," + (rule.identity ? "yes" : "no") + "," +
           std::to_string(rule.least_term_months) + "," + (rule.most_numbers ? std::to_string(*rule.most_numbers) : "") + "," +
           csv::quoted(rule.note) + "\r\n";
  return out;
}

}  // namespace tollgate::voicemail
