// SPDX-License-Identifier: Apache-2.0
// Records of CSV text (RFC 4180; other delimiters too). No field that we write has a line break; in one that we
// read it counts as a space. Free of IO. Private to the module.
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

// A record, and how many lines it takes.
struct record {
  std::string text{};
  std::size_t lines = 1;
};

// Takes the next record off the text, without its end (LF or CRLF). A quoted field may go over several lines
// (RFC 4180 §2.6), whose breaks become spaces; one that is not closed within 64 KiB is taken for a mistake in its
// first line, and the record is that line.
record take_record(std::string_view& text, char delimiter);

// The fields of a line. Nothing, or the sentence that tells what is wrong with it.
const char* split(std::string_view line, char delimiter, std::vector<std::string>& fields);

// A field as it is written: in quotes if it must be.
std::string field(std::string_view text);

}  // namespace tollgate::billing::csv
