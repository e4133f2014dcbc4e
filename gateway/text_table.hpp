// SPDX-License-Identifier: Apache-2.0
// JSON of the REST API as text for people: a table of a list, or one line for each member of an object.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

namespace tollgate::gateway {

struct table_column {
  const char* heading;
  const char* member;  ///< "status.up": of an object within; "prices[price]": of each in a list
};

/// Without what a terminal would take for more than text: control characters (C0, DEL, C1) and those that turn the
/// direction of writing become dots.
std::string printable(std::string_view text);

/// A line of headings and one for each row; columns as wide as they need to be. What a row lacks is "-".
void print_table(std::ostream& into, std::span<const table_column> columns, const boost::json::array& rows);

/// A line for each column: heading, value.
void print_object(std::ostream& into, std::span<const table_column> columns, const boost::json::object& of);

}  // namespace tollgate::gateway
