// SPDX-License-Identifier: Apache-2.0
// Splitting and quoting.
#include "billing/csv.hpp"

#include <algorithm>

#include "billing/text.hpp"

namespace tollgate::billing::csv {
namespace {

constexpr std::size_t longest_open_quote = 64 * 1024;

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

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Whether a quoted field goes on behind this line; `open`: one has come into it. Only a field that begins with a
// quote is quoted.
bool is_open_behind(std::string_view line, char delimiter, bool open) {
  bool at_start = !open;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (open && c == '"') {
      const bool is_escaped = i + 1 < line.size() && line[i + 1] == '"';
      if (is_escaped) ++i;
      open = is_escaped;
    } else if (!open) {
      open = at_start && c == '"';
      at_start = c == delimiter;
    }
  }
  return open;
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

record take_record(std::string_view& text, char delimiter) {
  record out;
  auto rest = text;
  bool open = false;
  do {
    const auto line = take_line(rest);
    if (open) out.text += ' ';
    out.text += line;
    open = is_open_behind(line, delimiter, open);
    if (!open) {
      text = rest;
      return out;
    }
    ++out.lines;
  } while (!rest.empty() && out.text.size() <= longest_open_quote);
  return {std::string(take_line(text)), 1};
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
