// SPDX-License-Identifier: Apache-2.0
#include "gateway/logging/line.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace tollgate::gateway::logging {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_key_character(char c) {
  return is_alphanumeric(c) || c == '_' || c == '.';
}

bool is_bare_character(char c) {
  return is_alphanumeric(c) || std::string_view("-_.:/@+,%*;").find(c) != std::string_view::npos;
}

// RFC 8259 §6, without exponents: nothing of ours has one.
bool is_number(std::string_view word) {
  if (word.starts_with('-')) word.remove_prefix(1);
  const auto digits = static_cast<std::size_t>(std::find_if_not(word.begin(), word.end(), is_digit) - word.begin());
  if (digits == 0 || (digits > 1 && word.front() == '0')) return false;
  word.remove_prefix(digits);
  if (word.empty()) return true;
  return word.size() > 1 && word.front() == '.' && std::all_of(word.begin() + 1, word.end(), is_digit);
}

bool is_literal(std::string_view word) {
  return word == "true" || word == "false" || word == "null";
}

// The length of the UTF-8 sequence at the beginning (RFC 3629 §4), and its code point; 0: there is none.
std::size_t decode(std::string_view bytes, std::uint32_t& point) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  const std::uint8_t first = at(0);
  std::size_t length = 1;
  std::uint32_t least = 0;
  if (first < 0x80) {
    point = first;
    return 1;
  }
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2, least = 0x80, point = first & 0x1FU;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3, least = 0x800, point = first & 0x0FU;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4, least = 0x10000, point = first & 0x07U;
  } else {
    return 0;
  }
  if (bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0U) != 0x80U) return 0;
    point = (point << 6U) | (at(i) & 0x3FU);
  }
  const bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
  return point < least || point > 0x10FFFF || is_surrogate ? 0 : length;
}

// Line ends, and what terminals obey.
bool is_control(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x2028 || point == 0x2029;
}

void append_escape(std::string& out, std::uint32_t point) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4)
    out += digits[(point >> static_cast<unsigned>(shift)) & 0xFU];
}

// U+0000 to U+FFFF, no surrogate, from four hexadecimal digits.
bool unescape(std::string_view digits, std::string& out) {
  if (digits.size() < 4) return false;
  std::uint32_t point = 0;
  for (const char c : digits.substr(0, 4)) {
    const bool is_letter = (c >= 'a' && c <= 'f');
    if (!is_digit(c) && !is_letter) return false;
    point = point << 4U | static_cast<std::uint32_t>(is_letter ? c - 'a' + 10 : c - '0');
  }
  if (point >= 0xD800 && point <= 0xDFFF) return false;
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0U | point >> 6U);
    out += static_cast<char>(0x80U | (point & 0x3FU));
  } else {
    out += static_cast<char>(0xE0U | point >> 12U);
    out += static_cast<char>(0x80U | (point >> 6U & 0x3FU));
    out += static_cast<char>(0x80U | (point & 0x3FU));
  }
  return true;
}

// A quoted value at the beginning of `line`, which is moved behind it.
bool take_quoted(std::string_view& line, std::string& value) {
  line.remove_prefix(1);
  while (!line.empty()) {
    const char c = line.front();
    line.remove_prefix(1);
    if (c == '"') return true;
    if (static_cast<std::uint8_t>(c) < 0x20) return false;
    if (c != '\\') {
      value += c;
      continue;
    }
    if (line.empty()) return false;
    const char escaped = line.front();
    line.remove_prefix(1);
    switch (escaped) {
      case '"': case '\\': value += escaped; break;
      case 'n': value += '\n'; break;
      case 'r': value += '\r'; break;
      case 't': value += '\t'; break;
      case 'u':
        if (!unescape(line, value)) return false;
        line.remove_prefix(4);
        break;
      default: return false;
    }
  }
  return false;
}

}  // namespace

std::string quoted(std::string_view value) {
  std::string out = "\"";
  while (!value.empty()) {
    std::uint32_t point = 0;
    const std::size_t length = decode(value, point);
    const std::string_view whole = value.substr(0, std::max<std::size_t>(length, 1));
    value.remove_prefix(whole.size());
    if (length == 0)
      out += replacement;
    else if (point == '"' || point == '\\')
      (out += '\\') += static_cast<char>(point);
    else if (point == '\n')
      out += "\\n";
    else if (point == '\r')
      out += "\\r";
    else if (point == '\t')
      out += "\\t";
    else if (is_control(point))
      append_escape(out, point);
    else
      out += whole;
  }
  return out += '"';
}

std::string text(std::string_view value) {
  const bool is_bare = !value.empty() && std::all_of(value.begin(), value.end(), is_bare_character);
  return is_bare && !is_number(value) && !is_literal(value) ? std::string(value) : quoted(value);
}

std::optional<std::vector<pair>> parse(std::string_view line) {
  std::vector<pair> out;
  while (!line.empty()) {
    if (!out.empty()) {
      if (line.front() != ' ') return std::nullopt;
      line.remove_prefix(1);
    }
    pair one;
    const auto end = std::find_if_not(line.begin(), line.end(), is_key_character);
    one.key.assign(line.begin(), end);
    line.remove_prefix(one.key.size());
    if (one.key.empty() || !line.starts_with('=')) return std::nullopt;
    line.remove_prefix(1);
    one.is_quoted = line.starts_with('"');
    if (one.is_quoted) {
      if (!take_quoted(line, one.value)) return std::nullopt;
    } else {
      const auto over = std::find_if_not(line.begin(), line.end(), is_bare_character);
      one.value.assign(line.begin(), over);
      line.remove_prefix(one.value.size());
    }
    out.push_back(std::move(one));
  }
  return out.empty() ? std::nullopt : std::optional(std::move(out));
}

std::string to_json(const pair& one) {
  const bool as_it_is = !one.is_quoted && (is_number(one.value) || is_literal(one.value));
  return quoted(one.key) + ":" + (as_it_is ? one.value : quoted(one.value));
}

std::string to_logfmt(const pair& one) {
  const bool as_it_is = !one.is_quoted && (is_number(one.value) || is_literal(one.value));
  return one.key + "=" + (as_it_is ? one.value : text(one.value));
}

}  // namespace tollgate::gateway::logging
