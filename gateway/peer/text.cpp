// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/text.hpp"

#include <boost/json/value.hpp>

#include <cstdio>

namespace tollgate::gateway::peer {

std::string amount_text(std::int64_t micros, std::string_view currency) {
  constexpr std::uint64_t micros_per_unit = 1'000'000;
  const std::uint64_t size =
      micros < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(micros) : static_cast<std::uint64_t>(micros);
  char decimals[8];
  std::snprintf(decimals, sizeof decimals, "%06u", static_cast<unsigned>(size % micros_per_unit));
  std::string fraction(decimals);
  while (fraction.size() > 2 && fraction.back() == '0')
    fraction.pop_back();
  std::string text(currency);
  if (!text.empty()) text += ' ';
  if (micros < 0) text += '-';
  return text + std::to_string(size / micros_per_unit) + '.' + fraction;
}

std::string duration_text(std::chrono::seconds duration) {
  const std::int64_t seconds = duration.count() < 0 ? 0 : duration.count();
  char text[48];
  if (seconds >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02d:%02d", static_cast<long long>(seconds / 3600),
                  static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  } else {
    std::snprintf(text, sizeof text, "%d:%02d", static_cast<int>(seconds / 60),
                  static_cast<int>(seconds % 60));
  }
  return text;
}

std::string caller_text(const std::string& number, const std::string& name, std::string_view verdict) {
  if (number.empty()) return "withheld";
  const std::string who = name.empty() ? number : name + " (" + number + ")";
  return verdict == "verified_a" ? who : who + ", unverified";
}

std::string printable(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  unsigned char before = 0;
  for (const char character : text) {
    const auto code = static_cast<unsigned char>(character);
    // C0, DEL, and C1 as UTF-8 (C2 80 to C2 9F), among them the eight-bit escape introducer.
    const bool control =
        (code < 0x20 && code != '\n') || code == 0x7f || (before == 0xc2 && code >= 0x80 && code < 0xa0);
    clean += control ? ' ' : character;
    before = code;
  }
  return clean;
}

std::optional<std::string> text_member(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  const boost::json::string* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr) return std::nullopt;
  return std::string(text->data(), text->size());
}

std::optional<std::int64_t> integer_member(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  if (value == nullptr) return std::nullopt;
  if (const std::int64_t* integer = value->if_int64()) return *integer;
  return std::nullopt;
}

}  // namespace tollgate::gateway::peer
