// SPDX-License-Identifier: Apache-2.0
#include "pstn/identity/number_authority.hpp"

#include <algorithm>
#include <charconv>

#include "pstn/identity/openssl_handles.hpp"

namespace tollgate::pstn::identity {
namespace {

constexpr std::size_t entries_most = 10'000;
constexpr std::size_t text_most_bytes = 64;

// TNEntry ::= CHOICE { spc [0] IA5String, range [1] SEQUENCE { start, count }, one [2] IA5String }, tagged
// explicitly (RFC 8226 §9, module TN-Module-2016-2).
constexpr int tag_provider = 0, tag_range = 1, tag_number = 2;

struct element {
  int tag = 0;
  int tag_class = 0;
  std::span<const unsigned char> content;
};

// The element in front of `rest`, which is shortened by it; definite lengths only, as DER has them.
std::optional<element> take(std::span<const unsigned char>& rest) {
  const unsigned char* at = rest.data();
  long length = 0;
  element found;
  const int kind =
      ASN1_get_object(&at, &length, &found.tag, &found.tag_class, static_cast<long>(rest.size()));
  if ((kind & 0x80) != 0 || (kind & 1) != 0) return std::nullopt;
  found.content = {at, static_cast<std::size_t>(length)};
  rest = rest.subspan(static_cast<std::size_t>(at - rest.data()) + found.content.size());
  return found;
}

std::optional<element> take(std::span<const unsigned char>& rest, int tag, int tag_class) {
  if (rest.empty()) return std::nullopt;
  const auto found = take(rest);
  return found && found->tag == tag && found->tag_class == tag_class ? found : std::nullopt;
}

std::optional<std::string> text_in(std::span<const unsigned char>& rest) {
  const auto found = take(rest, V_ASN1_IA5STRING, V_ASN1_UNIVERSAL);
  if (!found || found->content.empty() || found->content.size() > text_most_bytes) return std::nullopt;
  return std::string(found->content.begin(), found->content.end());
}

std::optional<std::uint64_t> count_in(std::span<const unsigned char>& rest) {
  const auto found = take(rest, V_ASN1_INTEGER, V_ASN1_UNIVERSAL);
  if (!found || found->content.empty() || found->content.size() > 8 || (found->content[0] & 0x80) != 0)
    return std::nullopt;
  std::uint64_t value = 0;
  for (const auto octet : found->content)
    value = value << 8 | octet;
  return value;
}

std::optional<std::uint64_t> value_of(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.size() > 15) return std::nullopt;
  return value;
}

bool take_entry(const element& entry, number_authority& into) {
  auto rest = entry.content;
  if (entry.tag_class != V_ASN1_CONTEXT_SPECIFIC) return false;
  if (entry.tag == tag_provider || entry.tag == tag_number) {
    auto text = text_in(rest);
    if (!text || !rest.empty()) return false;
    if (entry.tag == tag_provider)
      into.providers.push_back(std::move(*text));
    else
      into.numbers.push_back({std::move(*text), 1});
    return true;
  }
  if (entry.tag != tag_range) return false;
  const auto sequence = take(rest, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
  if (!sequence || !rest.empty()) return false;
  auto inner = sequence->content;
  auto first = text_in(inner);
  const auto count = first ? count_in(inner) : std::nullopt;
  if (!count || !inner.empty()) return false;
  into.numbers.push_back({std::move(*first), *count});
  return true;
}

}  // namespace

bool number_authority::covers(std::string_view number) const {
  if (!providers.empty()) return true;
  const auto wanted = value_of(number);
  return wanted && std::any_of(numbers.begin(), numbers.end(), [&](const range& one) {
           const auto first = value_of(one.first);
           return first && one.first.size() == number.size() && *wanted >= *first &&
                  *wanted - *first < one.count;
         });
}

std::optional<number_authority> read_number_authority(std::span<const unsigned char> der) {
  const auto list = take(der, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
  if (!list || !der.empty()) return std::nullopt;
  number_authority found;
  auto rest = list->content;
  for (std::size_t entries = 0; !rest.empty(); ++entries) {
    const auto entry = take(rest);
    if (!entry || entries == entries_most || !take_entry(*entry, found)) return std::nullopt;
  }
  if (found.providers.empty() && found.numbers.empty()) return std::nullopt;  // SIZE (1..MAX)
  return found;
}

}  // namespace tollgate::pstn::identity
