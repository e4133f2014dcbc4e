// SPDX-License-Identifier: Apache-2.0
// Records of CSV (RFC 4180) and where each column stands. Private to the room. Free of IO.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::voicemail::csv {

// One record, from `at` on, which is moved behind it. Empty: a quotation mark in the wrong place.
std::optional<std::vector<std::string>> next_record(std::string_view text, std::size_t& at);

// The place of each column by its name, of those in `known` and each once. Empty: `needed` is missing, or something else is wrong.
std::optional<std::map<std::string, std::size_t>> read_header(const std::vector<std::string>& header,
                                                              const std::set<std::string>& known,
                                                              const std::string& needed);

// Without the mark by which spreadsheets begin UTF-8.
std::string_view without_mark(std::string_view text);

// The field as the RFC wants it: quoted where it has to be.
std::string quoted(const std::string& field);

}  // namespace tollgate::voicemail::csv
