// SPDX-License-Identifier: Apache-2.0
// Longest prefix by one binary search: the greatest prefix not above the number either matches or descends
// from the one that does.
#include "billing/rating.hpp"

#include <algorithm>
#include <bit>

namespace tollgate::billing {
namespace {

constexpr std::size_t digits_per_key = 16;  // of 4 bits; E.164 has at most 15

// Digits left-aligned, each as 1 … 10, so that keys order as the texts do and 0 ends them. 0 for an empty or
// invalid text.
std::uint64_t key_of(std::string_view digits) {
  std::uint64_t key = 0;
  std::size_t count = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return 0;
    if (count < digits_per_key) key |= static_cast<std::uint64_t>(c - '0' + 1) << (60 - 4 * count);
    ++count;
  }
  return key;
}

bool is_prefix(std::uint64_t prefix, std::uint64_t key) {
  const int length_bits = 64 - std::countr_zero(prefix) / 4 * 4;  // a prefix is never 0
  const std::uint64_t mask = length_bits == 64 ? ~0ULL : ~(~0ULL >> length_bits);
  return (key & mask) == prefix;
}

}  // namespace

rate_table::rate_table(std::string currency, std::vector<rate> rates, std::optional<wall_time> valid_until)
    : currency_(std::move(currency)), valid_until_(valid_until), rates_(std::move(rates)) {
  std::erase_if(rates_,
                [](const rate& r) { return key_of(r.prefix) == 0 || r.prefix.size() > digits_per_key; });
  std::sort(rates_.begin(), rates_.end(), [](const rate& left, const rate& right) {
    return left.prefix != right.prefix ? left.prefix < right.prefix
                                       : left.price_per_minute < right.price_per_minute;
  });
  const auto same = [](const rate& left, const rate& right) { return left.prefix == right.prefix; };
  rates_.erase(std::unique(rates_.begin(), rates_.end(), same), rates_.end());
  keys_.reserve(rates_.size());
  parents_.reserve(rates_.size());
  for (const auto& r : rates_) {
    const auto key = key_of(r.prefix);
    // In order of the texts, the parent is the previous prefix or one of its ancestors.
    auto parent = static_cast<std::int32_t>(keys_.size()) - 1;
    while (parent >= 0 && !is_prefix(keys_[static_cast<std::size_t>(parent)], key))
      parent = parents_[static_cast<std::size_t>(parent)];
    keys_.push_back(key);
    parents_.push_back(parent);
  }
}

const rate* rate_table::find(std::string_view digits) const {
  const auto key = key_of(digits);
  if (key == 0) return nullptr;
  auto index =
      static_cast<std::int32_t>(std::upper_bound(keys_.begin(), keys_.end(), key) - keys_.begin()) - 1;
  while (index >= 0 && !is_prefix(keys_[static_cast<std::size_t>(index)], key))
    index = parents_[static_cast<std::size_t>(index)];
  return index < 0 ? nullptr : &rates_[static_cast<std::size_t>(index)];
}

}  // namespace tollgate::billing
