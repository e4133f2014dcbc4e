// SPDX-License-Identifier: Apache-2.0
#include "mutation.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace tollgate::fuzz {
namespace {

constexpr std::size_t longest = 16 << 10;

using namespace std::string_view_literals;
constexpr std::array words{"\0"sv,
                           "\r\n"sv,
                           "\n\n"sv,
                           "\r\n\r\n"sv,
                           "%"sv,
                           "%0"sv,
                           "%00"sv,
                           "%ff"sv,
                           "\""sv,
                           "\\"sv,
                           "\\u0000"sv,
                           "\\ud800"sv,
                           ":"sv,
                           ";"sv,
                           "="sv,
                           ","sv,
                           "<"sv,
                           ">"sv,
                           "@"sv,
                           "["sv,
                           "]"sv,
                           "[::1]"sv,
                           "{"sv,
                           "}"sv,
                           "null"sv,
                           "-1"sv,
                           "0"sv,
                           "65536"sv,
                           "4294967296"sv,
                           "18446744073709551616"sv,
                           "-9223372036854775809"sv,
                           "1e999"sv,
                           "+"sv,
                           "tel:"sv,
                           "sip:"sv,
                           "sips:"sv,
                           "a="sv,
                           "m="sv,
                           "\xff"sv,
                           "\xc3\x28"sv,
                           "\xef\xbb\xbf"sv,
                           "\t"sv,
                           " "sv,
                           "inline:"sv,
                           "Authorization:"sv,
                           "\xff\xff\xff\xff"sv,
                           "\x80\x00\x00\x00"sv};

}  // namespace

std::string mutator::next(const std::vector<std::string>& from) {
  std::string text = from[below(from.size())];
  for (std::size_t i = 0, changes = 1 + below(4); i < changes; ++i)
    change(text, from);
  if (text.size() > longest) text.resize(longest);
  return text;
}

void mutator::change(std::string& text, const std::vector<std::string>& from) {
  const std::size_t at = below(text.size() + 1);
  const std::size_t size = std::min(text.size() - at, 1 + below(16));
  switch (below(10)) {
    case 0:
      if (at < text.size())
        text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ 1U << below(8));
      break;
    case 1:
      if (at < text.size()) text[at] = static_cast<char>(below(256));
      break;
    case 2:
      text.erase(at, size);
      break;
    case 3:
      text.insert(at, text.substr(at, size));
      break;
    case 4:
      text.insert(at, words[below(words.size())]);
      break;
    case 5:
      text.replace(at, size, words[below(words.size())]);
      break;
    case 6: {
      const std::string& other = from[below(from.size())];
      const std::size_t begin = below(other.size() + 1);
      text.replace(at, size, other.substr(begin, below(64)));
      break;
    }
    case 7:
      text.resize(at);
      break;
    case 8:
      if (text.size() < 1'024) text.insert(at, std::string(below(300), at < text.size() ? text[at] : 'x'));
      break;
    default:
      std::swap_ranges(text.begin() + static_cast<std::ptrdiff_t>(at),
                       text.begin() + static_cast<std::ptrdiff_t>(at + size / 2),
                       text.begin() + static_cast<std::ptrdiff_t>(at + size - size / 2));
      break;
  }
}

}  // namespace tollgate::fuzz
