// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/dtmf_info.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <system_error>

namespace tollgate::pstn::sip {
namespace {

constexpr std::chrono::milliseconds duration_default{160};
constexpr int duration_most_ms = 10'000;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

/// "5", "*", "#", "a", and the event numbers 10–15 of RFC 4733 that some send.
std::optional<char> digit_of(std::string_view text) {
  constexpr std::string_view digits = "0123456789*#ABCD";
  if (text.size() == 1) {
    const char upper = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
    if (digits.find(upper) != std::string_view::npos) return upper;
  }
  unsigned event = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), event);
  if (error == std::errc{} && end == text.data() + text.size() && event < digits.size()) return digits[event];
  return std::nullopt;
}

}  // namespace

std::optional<dtmf_signal> parse_dtmf_info(std::string_view content_type, std::string_view body) {
  const std::string type = lower(trimmed(content_type.substr(0, content_type.find(';'))));
  if (type == "application/dtmf") {
    if (const auto digit = digit_of(trimmed(body))) return dtmf_signal{*digit, duration_default};
    return std::nullopt;
  }
  if (type != "application/dtmf-relay") return std::nullopt;
  std::optional<char> digit;
  std::chrono::milliseconds duration = duration_default;
  while (!body.empty()) {
    const std::size_t end = body.find('\n');
    const std::string_view line = trimmed(body.substr(0, end));
    body = end == std::string_view::npos ? std::string_view{} : body.substr(end + 1);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string name = lower(trimmed(line.substr(0, equals)));
    const std::string_view value = trimmed(line.substr(equals + 1));
    if (name == "signal") digit = digit_of(value);
    int number = 0;
    if (name == "duration" &&
        std::from_chars(value.data(), value.data() + value.size(), number).ec == std::errc{}) {
      duration = std::chrono::milliseconds(std::clamp(number, 1, duration_most_ms));
    }
  }
  if (!digit) return std::nullopt;
  return dtmf_signal{*digit, duration};
}

std::string print_dtmf_info(const dtmf_signal& signal) {
  return "Signal=" + std::string(1, signal.digit) +
         "\r\nDuration=" + std::to_string(signal.duration.count()) + "\r\n";
}

}  // namespace tollgate::pstn::sip
