// SPDX-License-Identifier: Apache-2.0
// Splitting and quoting.
#include "billing/csv.hpp"

#include <algorithm>

#include "billing/text.hpp"

namespace tollgate::billing::csv {
namespace {

bool is_clean_line(std::string_view line, char delimiter) {
  if (delimiter != '\t') return is_clean(line);
  std::string without(line);  // a tab is a control character: clean but for it
  std::replace(without.begin(), without.end(), '\t', ' ');
  return is_clean(without);
}

// Reads the field at `at` and moves behind the delimiter that ends it (or behind the end plus one).
const char* take_field(std::string_view line, char delimiter, std::size_t& at, std::string& field) {
  if (at < line.size() && line[at] == '"') {
    for (++at;; ++at) {
      if (at >= line.size()) return "a quote is not closed";
      if (line[at] == '"') {
        if (at + 1 >= line.size() || line[at + 1] != '"') break;
        ++at;
      }
      field += line[at];
    }
    ++at;
    if (at < line.size() && line[at] != delimiter) return "text follows a closing quote";
  } else {
    const auto end = std::min(line.find(delimiter, at), line.size());
    field = line.substr(at, end - at);
    if (field.find('"') != std::string::npos) return "a quote stands within a field without quotes";
    at = end;
  }
  ++at;
  return nullptr;
}

}  // namespace

char delimiter_of(std::string_view header) {
  char best = ',';
  std::ptrdiff_t most = 0;
  for (const char candidate : {',', ';', '\t', '|'})
    if (const auto count = std::count(header.begin(), header.end(), candidate); count > most) {
      best = candidate;
      most = count;
    }
  return best;
}

std::string header_name(std::string_view text) {
  std::string out;
  for (char c : text)
    out += c == ' ' || c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::string_view without_mark(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text;
}

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

const char* split(std::string_view line, char delimiter, std::vector<std::string>& fields) {
  fields.clear();
  if (!is_clean_line(line, delimiter)) return "the line is not plain UTF-8 text";
  std::size_t at = 0;
  do {
    if (const char* wrong = take_field(line, delimiter, at, fields.emplace_back())) return wrong;
  } while (at <= line.size());
  return nullptr;
}

std::string field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace tollgate::billing::csv
