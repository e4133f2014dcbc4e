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
  const json::value* const value = within->if_contains(member);
  if (value == nullptr || !value->is_array()) return text_of(*within, member);
  std::string joined;
  for (const json::value& each : value->get_array())
    joined += (joined.empty() ? "" : ",") +
              (each.is_string() ? std::string(each.get_string()) : json::serialize(each));
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

}  // namespace

void print_table(std::ostream& into, std::span<const table_column> columns, const json::array& rows) {
  std::vector<std::vector<std::string>> lines;
  lines.emplace_back();
  for (const table_column& column : columns)
    lines.back().emplace_back(column.heading);
  for (const json::value& each : rows) {
    if (!each.is_object()) continue;
    lines.emplace_back();
    for (const table_column& column : columns)
      lines.back().push_back(cell(each.get_object(), column.member));
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
    into << padded(column.heading, width + gap) << cell(of, column.member) << "\n";
}

}  // namespace tollgate::gateway
