// SPDX-License-Identifier: Apache-2.0
// Records of CSV text (RFC 4180; other delimiters too), a line each: no field that we read or write has a
// line break. Free of IO. Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tollgate::billing::csv {

// The one of , ; tab | that the header has most of; a header of one column: a comma.
char delimiter_of(std::string_view header);

// "Price per minute" as "price_per_minute".
std::string header_name(std::string_view text);

// The text without a byte order mark, as spreadsheets write it.
std::string_view without_mark(std::string_view text);

// Takes the next line off the text, without its end (LF or CRLF).
std::string_view take_line(std::string_view& text);

// The fields of a line. Nothing, or the sentence that tells what is wrong with it.
const char* split(std::string_view line, char delimiter, std::vector<std::string>& fields);

// A field as it is written: in quotes if it must be.
std::string field(std::string_view text);

}  // namespace tollgate::billing::csv
