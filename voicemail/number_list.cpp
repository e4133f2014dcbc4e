// SPDX-License-Identifier: Apache-2.0
// Reading lists of numbers (RFC 4180).
#include <algorithm>
#include <set>

#include "voicemail/number_import.hpp"

namespace tollgate::voicemail {
namespace {

using pstn::number::phone_number;

// One record, from `at` on, which is moved behind it. Empty: a quotation mark in the wrong place.
std::optional<std::vector<std::string>> next_record(std::string_view csv, std::size_t& at) {
  std::vector<std::string> fields(1);
  bool quoted = false, was_quoted = false;
  for (; at < csv.size(); ++at) {
    const char c = csv[at];
    if (quoted) {
      if (c != '"') {
        fields.back() += c;
      } else if (at + 1 < csv.size() && csv[at + 1] == '"') {
        fields.back() += '"';
        ++at;
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      if (!fields.back().empty() || was_quoted) return std::nullopt;
      quoted = was_quoted = true;
    } else if (c == ',') {
      fields.emplace_back();
      was_quoted = false;
    } else if (c == '\n') {
      ++at;
      return fields;
    } else if (c != '\r') {
      if (was_quoted) return std::nullopt;
      fields.back() += c;
    }
  }
  if (quoted) return std::nullopt;
  return fields;
}

// Where each known column stands.
std::optional<std::map<std::string, std::size_t>> read_header(const std::vector<std::string>& header,
                                                              const std::set<std::string>& known) {
  std::map<std::string, std::size_t> places;
  for (std::size_t column = 0; column < header.size(); ++column)
    if (!known.contains(header[column]) || !places.emplace(header[column], column).second) return std::nullopt;
  if (!places.contains("number")) return std::nullopt;
  return places;
}

import_list read_list(std::string_view csv, const std::set<std::string>& columns) {
  constexpr std::size_t area_most_bytes = 200;
  if (csv.starts_with("\xef\xbb\xbf")) csv.remove_prefix(3);  // as spreadsheets begin UTF-8
  import_list list;
  std::set<std::string> seen;
  std::size_t at = 0;
  const auto header = next_record(csv, at);
  const auto places = header ? read_header(*header, columns) : std::nullopt;
  if (!places) {
    list.errors.push_back({1, "columns"});
    return list;
  }
  for (int line = 2; at < csv.size(); ++line) {
    const auto begin = at;
    const auto record = next_record(csv, at);
    if (!record) {
      list.errors.push_back({line, "malformed"});
      return list;  // where the next line begins is not known
    }
    const int first = line;
    line += static_cast<int>(std::count(csv.begin() + static_cast<std::ptrdiff_t>(begin),
                                        csv.begin() + static_cast<std::ptrdiff_t>(at), '\n')) - 1;
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
    import_row row{.line = first, .number = *number, .area = field("area"), .trunk = field("trunk"), .replacement = {}};
    if (row.area.size() > area_most_bytes) {
      complain("area_too_long");
      continue;
    }
    if (const auto text = field("replacement"); !text.empty()) {
      const auto replacement = phone_number::parse(text);
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
  return read_list(csv, {"number", "area", "trunk"});
}

import_list read_withdrawal_list(std::string_view csv) {
  return read_list(csv, {"number", "replacement"});
}

}  // namespace tollgate::voicemail
