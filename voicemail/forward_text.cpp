// SPDX-License-Identifier: Apache-2.0
#include "voicemail/forward_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace tollgate::voicemail {
namespace {

constexpr std::array<std::pair<std::string_view, forward_situation>, 4> situation_names{
    {{"busy", forward_situation::busy},
     {"no_answer", forward_situation::no_answer},
     {"offline", forward_situation::offline},
     {"always", forward_situation::always}}};

std::optional<unsigned> parse_situations(std::string_view text) {
  unsigned situations = 0;
  for (;;) {
    const auto comma = text.find(',');
    const auto named = [word = text.substr(0, comma)](const auto& each) { return each.first == word; };
    const auto known = std::find_if(situation_names.begin(), situation_names.end(), named);
    if (known == situation_names.end()) return std::nullopt;
    situations |= static_cast<unsigned>(known->second);
    if (comma == std::string_view::npos) return situations;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

std::string to_text(const forward_target& target) {
  std::string when;
  for (const auto& [name, situation] : situation_names)
    if (target.serves(situation)) when += (when.empty() ? "" : ",") + std::string(name);
  return target.number.e164() + " " + when + " " + std::to_string(target.ring_for.count());
}

std::optional<forward_target> parse_forward_target(std::string_view text) {
  const auto first = text.find(' ');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = std::min(text.find(' ', first + 1), text.size());
  const auto number = pstn::phone_number::parse(text.substr(0, first));
  const auto situations = parse_situations(text.substr(first + 1, second - first - 1));
  if (!number || !situations) return std::nullopt;
  forward_target target{*number, *situations};
  if (second == text.size()) return target;
  const auto seconds = text.substr(second + 1);
  int value = 0;
  const auto [end, error] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), value);
  target.ring_for = std::chrono::seconds(value);
  if (error != std::errc{} || end != seconds.data() + seconds.size() ||
      target.ring_for < forward_ring_least || target.ring_for > forward_ring_most)
    return std::nullopt;
  return target;
}

}  // namespace tollgate::voicemail
