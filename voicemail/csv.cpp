// SPDX-License-Identifier: Apache-2.0
#include "voicemail/csv.hpp"

namespace tollgate::voicemail::csv {

std::optional<std::vector<std::string>> next_record(std::string_view text, std::size_t& at) {
  std::vector<std::string> fields(1);
  bool quoted = false, was_quoted = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c != '"') {
        fields.back() += c;
      } else if (at + 1 < text.size() && text[at + 1] == '"') {
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

std::optional<std::map<std::string, std::size_t>> read_header(const std::vector<std::string>& header,
                                                              const std::set<std::string>& known,
                                                              const std::string& needed) {
  std::map<std::string, std::size_t> places;
  for (std::size_t column = 0; column < header.size(); ++column)
    if (!known.contains(header[column]) || !places.emplace(header[column], column).second) return std::nullopt;
  if (!places.contains(needed)) return std::nullopt;
  return places;
}

std::string_view without_mark(std::string_view text) {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  if (text.starts_with(mark)) text.remove_prefix(mark.size());
  return text;
}

std::string quoted(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string out = "\"";
  for (const char one : field)
    out += one == '"' ? "\"\"" : std::string(1, one);
  return out + "\"";
}

}  // namespace tollgate::voicemail::csv
