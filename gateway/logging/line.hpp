// SPDX-License-Identifier: Apache-2.0
// The text of a line of the log: key=value pairs (logfmt), as every spdlog call of the gateway writes them. What comes from
// outside is written by text(), so that nobody can put a pair or a line of their own into it. Free of IO.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::gateway::logging {

/// The value of a pair: as it is if it is one word of unsuspicious ASCII characters that no reader takes for a number or a
/// boolean, else in double quotes and escaped. For every value that is not a number, an identifier or a word of ours.
std::string text(std::string_view value);

/// A string of JSON (RFC 8259 §7), in double quotes: `"`, `\` and control characters (C0, DEL, C1, U+2028, U+2029) escaped,
/// bytes that are no UTF-8 replaced by U+FFFD. Quoted values of logfmt are written the same way.
std::string quoted(std::string_view value);

/// One key=value of a line.
struct pair {
  std::string key;
  std::string value;       ///< without quotes and escapes
  bool is_quoted = false;  ///< as it was written; what is not and looks like a number is one
};

/// Takes a line apart. Nothing if it is not a sequence of key=value pairs between single blanks, each value a bare word
/// or quoted as by quoted(); keys are of a-z, A-Z, 0-9, '_' and '.'.
std::optional<std::vector<pair>> parse(std::string_view line);

/// The pair as a member of a JSON object: `"key":value`; numbers and booleans that were not quoted are such in JSON.
std::string to_json(const pair& one);

/// The pair as key=value.
std::string to_logfmt(const pair& one);

}  // namespace tollgate::gateway::logging
