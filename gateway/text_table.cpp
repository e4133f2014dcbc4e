// SPDX-License-Identifier: Apache-2.0
#include "gateway/text_table.hpp"

#include <algorithm>
#include <boost/json/value.hpp>
#include <iomanip>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/remote.hpp"

namespace tollgate::gateway {
namespace {

namespace json = boost::json;

constexpr std::size_t gap = 2;  // between two columns

std::string cell(const json::object& row, std::string_view member) {
  const json::object* within = &row;
  for (auto dot = member.find('.'); dot != std::string_view::npos; dot = member.find('.')) {
    within = &object_of(*within, member.substr(0, dot));
    member.remove_prefix(dot + 1);
  }
  const std::size_t brackets = std::min(member.find('['), member.size());
  const json::value* const value = within->if_contains(member.substr(0, brackets));
  if (value == nullptr || !value->is_array()) return text_of(*within, member);
  std::string_view inner = member.substr(std::min(brackets + 1, member.size()));
  inner = inner.substr(0, inner.find(']'));
  std::string joined;
  for (const json::value& each : value->get_array())
    joined += (joined.empty() ? "" : ",") +
              (each.is_object() && !inner.empty() ? text_of(each.get_object(), inner) : each.is_string() ? std::string(each.get_string()) : json::serialize(each));
  return joined.empty() ? "-" : joined;
}

// Of text in UTF-8: continuation octets take no room.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t taken = width_of(text);
  return text + std::string(width > taken ? width - taken : 0, ' ');
}

// Bytes of the character there that no terminal should see; 0: it may.
std::size_t unprintable_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) { return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0U; };
  if (byte(0) < 0x20U || byte(0) == 0x7FU) return 1;
  if (byte(0) == 0xC2U && byte(1) >= 0x80U && byte(1) <= 0x9FU) return 2;  // U+0080 to U+009F
  const bool is_embedding = byte(0) == 0xE2U && byte(1) == 0x80U && byte(2) >= 0xAAU && byte(2) <= 0xAEU;  // U+202A to U+202E
  const bool is_isolate = byte(0) == 0xE2U && byte(1) == 0x81U && byte(2) >= 0xA6U && byte(2) <= 0xA9U;    // U+2066 to U+2069
  return is_embedding || is_isolate ? 3 : 0;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t hidden = unprintable_at(text, at);
    out += hidden > 0 ? '.' : text[at];
    at += std::max<std::size_t>(hidden, 1);
  }
  return out;
}

void print_table(std::ostream& into, std::span<const table_column> columns, const json::array& rows) {
  std::vector<std::vector<std::string>> lines;
  lines.emplace_back();
  for (const table_column& column : columns)
    lines.back().emplace_back(column.heading);
  for (const json::value& each : rows) {
    if (!each.is_object()) continue;
    lines.emplace_back();
    for (const table_column& column : columns)
      lines.back().push_back(printable(cell(each.get_object(), column.member)));
  }
  for (std::size_t column = 0; column + 1 < columns.size(); ++column) {  // the last one has no edge
    std::size_t width = 0;
    for (const auto& line : lines)
      width = std::max(width, width_of(line[column]));
    for (auto& line : lines)
      line[column] = padded(line[column], width + gap);
  }
  for (const auto& line : lines) {
    for (const std::string& each : line)
      into << each;
    into << "\n";
  }
}

void print_object(std::ostream& into, std::span<const table_column> columns, const json::object& of) {
  std::size_t width = 0;
  for (const table_column& column : columns)
    width = std::max(width, width_of(column.heading));
  for (const table_column& column : columns)
    into << padded(column.heading, width + gap) << printable(cell(of, column.member)) << "\n";
}

}  // namespace tollgate::gateway
