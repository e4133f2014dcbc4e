// SPDX-License-Identifier: Apache-2.0
#include "voicemail/quiet_text.hpp"

#include <algorithm>
#include <array>

namespace tollgate::voicemail {
namespace {

using std::chrono::minutes;

constexpr std::array<std::string_view, 7> day_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

std::string clock_text(minutes of_day) {
  const auto two = [](std::int64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); };
  return two(of_day.count() / 60) + ":" + two(of_day.count() % 60);
}

// "22:30"
std::optional<minutes> parse_clock(std::string_view text) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9' ? text[at] - '0' : 99; };
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const int hour = digit(0) * 10 + digit(1), minute = digit(3) * 10 + digit(4);
  if (hour > 23 || minute > 59) return std::nullopt;
  return minutes(hour * 60 + minute);
}

}  // namespace

std::string to_text(const quiet_period& period) {
  std::string text;
  for (std::size_t day = 0; day < day_names.size(); ++day)
    if ((period.days >> day & 1U) != 0) text += (text.empty() ? "" : ",") + std::string(day_names[day]);
  return text + " " + clock_text(period.from) + "-" + clock_text(period.to);
}

std::optional<quiet_period> parse_quiet_period(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos || text.size() != space + 12 || text[space + 6] != '-')
    return std::nullopt;
  const auto from = parse_clock(text.substr(space + 1, 5)), to = parse_clock(text.substr(space + 7, 5));
  if (!from || !to) return std::nullopt;
  quiet_period period{0, *from, *to};
  for (auto days = text.substr(0, space);;) {
    const auto comma = days.find(',');
    const auto known = std::find(day_names.begin(), day_names.end(), days.substr(0, comma));
    if (known == day_names.end()) return std::nullopt;
    period.days |= 1U << (known - day_names.begin());
    if (comma == std::string_view::npos) return period;
    days.remove_prefix(comma + 1);
  }
}

}  // namespace tollgate::voicemail
