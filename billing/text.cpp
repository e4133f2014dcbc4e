// SPDX-License-Identifier: Apache-2.0
// UTF-8 (RFC 3629) and ISO 8601 in the little that billing needs.
#include "billing/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace tollgate::billing {
namespace {

using std::chrono::microseconds;
using std::chrono::system_clock;

constexpr std::int64_t last_second = 253402300799;  // 9999-12-31T23:59:59Z

// The length of the valid, printable character at the start of the text, or 0.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = byte(0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  // Overlong forms, surrogates, beyond U+10FFFF, and C1 controls.
  if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f) ||
      (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f) ||
      (lead == 0xc2 && byte(1) < 0xa0))
    return 0;
  return length;
}

// Reads exactly `count` digits at the start and removes them; −1 if they are not there.
int take_number(std::string_view& text, std::size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<microseconds> take_time_of_day(std::string_view& text) {
  const int hours = take_number(text, 2);
  if (hours < 0 || hours > 23 || !take(text, ':')) return std::nullopt;
  const int minutes = take_number(text, 2);
  if (minutes < 0 || minutes > 59 || !take(text, ':')) return std::nullopt;
  const int whole = take_number(text, 2);
  if (whole < 0 || whole > 59) return std::nullopt;
  microseconds fraction{0};
  if (take(text, '.')) {
    // RFC 3339: as many digits as the writer has; what is finer than a microsecond is cut off.
    constexpr std::size_t most_digits = 9;
    std::size_t digits = 0;
    for (microseconds worth{100'000}; digits < most_digits; worth /= 10, ++digits) {
      const int digit = take_number(text, 1);
      if (digit < 0) break;
      fraction += digit * worth;
    }
    if (digits == 0) return std::nullopt;
  }
  return std::chrono::hours(hours) + std::chrono::minutes(minutes) + std::chrono::seconds(whole) + fraction;
}

}  // namespace

std::string clean_text(std::string_view text, std::size_t most) {
  std::string clean;
  while (!text.empty() && clean.size() < most) {
    const auto length = character_length(text);
    if (clean.size() + length > most) break;
    clean.append(text.substr(0, length));
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

bool is_clean(std::string_view text) {
  while (!text.empty()) {
    const auto length = character_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string iso_time(system_clock::time_point at) {
  const auto since = std::clamp(std::chrono::duration_cast<microseconds>(at.time_since_epoch()),
                                microseconds{0}, microseconds{std::chrono::seconds{last_second}});
  const std::chrono::sys_time<microseconds> time{since};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::array<char, 64> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<system_clock::time_point> parse_iso_time(std::string_view text) {
  const int year = take_number(text, 4);
  if (year < 1970 || !take(text, '-')) return std::nullopt;
  const int month = take_number(text, 2);
  if (month < 0 || !take(text, '-')) return std::nullopt;
  const int day = take_number(text, 2);
  if (day < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  microseconds clock{0};
  if (!text.empty()) {
    if (!take(text, 'T')) return std::nullopt;
    const auto taken = take_time_of_day(text);
    if (!taken || text != "Z") return std::nullopt;
    clock = *taken;
  }
  // The clock counts nanoseconds in 64 bits: they end on a day in April 2262.
  constexpr auto last = system_clock::time_point::max();
  constexpr auto last_day = std::chrono::floor<std::chrono::days>(last);
  const std::chrono::sys_days midnight{date};
  if (midnight > last_day || (midnight == last_day && clock > last - last_day)) return std::nullopt;
  return system_clock::time_point{midnight} + clock;
}

}  // namespace tollgate::billing
