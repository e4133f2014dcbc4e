// SPDX-License-Identifier: Apache-2.0
// Texts on their way to and from the database: UTF-8 made valid and bounded, times as ISO 8601. Free of IO.
// Private to the module.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tollgate::billing {

inline constexpr std::size_t longest_network_text = 256;  // bytes

// The text without control characters and without bytes that are not UTF-8, cut to `most` bytes at a
// character's border.
std::string clean_text(std::string_view text, std::size_t most = longest_network_text);

// True for valid UTF-8 without control characters.
bool is_clean(std::string_view text);

// "2026-11-22T07:55:32.123456Z"; times outside 1970 … 9999 are clamped.
std::string iso_time(std::chrono::system_clock::time_point at);

// Reads YYYY-MM-DD (midnight UTC) and YYYY-MM-DDThh:mm:ss[.ffffff]Z, from 1970 to the end of the clock
// (2262-04-11); nothing else.
std::optional<std::chrono::system_clock::time_point> parse_iso_time(std::string_view text);

}  // namespace tollgate::billing
