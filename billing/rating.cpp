// SPDX-License-Identifier: Apache-2.0
// Longest prefix by one binary search: the greatest prefix not above the number either matches or descends
// from the one that does.
#include "billing/rating.hpp"

#include <algorithm>
#include <bit>

#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

constexpr std::size_t digits_per_key = 16;  // of 4 bits; E.164 has at most 15
constexpr unsigned entry_bits = 16;         // the first four digits of a key

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
    : currency_(std::move(currency)), valid_until_(valid_until) {
  // Small things are sorted, and each rate is moved once: a table of 300,000 is made in a few hundredths of a
  // second.
  struct entry {
    std::uint64_t key;
    money price;
    std::size_t index;
    auto operator<=>(const entry&) const = default;
  };
  std::vector<entry> order;
  order.reserve(rates.size());
  for (std::size_t i = 0; i < rates.size(); ++i)
    if (const auto key = key_of(rates[i].prefix); key != 0 && rates[i].prefix.size() <= digits_per_key)
      order.push_back({key, rates[i].price_per_minute, i});
  std::sort(order.begin(), order.end());
  const auto same = [](const entry& left, const entry& right) { return left.key == right.key; };
  order.erase(std::unique(order.begin(), order.end(), same), order.end());
  rates_.reserve(order.size());
  keys_.reserve(order.size());
  parents_.reserve(order.size());
  for (const auto& [key, price, index] : order) {
    // In order of the texts, the parent is the previous prefix or one of its ancestors.
    auto parent = static_cast<std::int32_t>(keys_.size()) - 1;
    while (parent >= 0 && !is_prefix(keys_[static_cast<std::size_t>(parent)], key))
      parent = parents_[static_cast<std::size_t>(parent)];
    rates_.push_back(std::move(rates[index]));
    keys_.push_back(key);
    parents_.push_back(parent);
  }
  if (keys_.empty()) return;
  starts_.resize((std::size_t{1} << entry_bits) + 1);
  for (std::size_t entry = 0, index = 0; entry < starts_.size(); ++entry) {
    while (index < keys_.size() && keys_[index] >> (64 - entry_bits) < entry)
      ++index;
    starts_[entry] = static_cast<std::uint32_t>(index);
  }
}

const rate* rate_table::find(std::string_view digits) const {
  const auto key = key_of(digits);
  if (key == 0 || keys_.empty()) return nullptr;
  const auto entry = key >> (64 - entry_bits);
  const auto at = [this](std::uint32_t offset) {
    return keys_.begin() + static_cast<std::ptrdiff_t>(offset);
  };
  const auto above = std::upper_bound(at(starts_[entry]), at(starts_[entry + 1]), key);
  auto index = static_cast<std::int32_t>(above - keys_.begin()) - 1;
  while (index >= 0 && !is_prefix(keys_[static_cast<std::size_t>(index)], key))
    index = parents_[static_cast<std::size_t>(index)];
  return index < 0 ? nullptr : &rates_[static_cast<std::size_t>(index)];
}

std::optional<std::string> standard_decks::of(const std::string& currency,
                                              const std::string& own_currency) const {
  if (const auto found = by_currency.find(currency); found != by_currency.end()) return found->second;
  return currency == own_currency ? std::optional(deck) : std::nullopt;
}

boost::system::result<std::map<std::string, std::string>> parse_currency_decks(
    std::span<const std::string> texts) {
  constexpr std::size_t code_length = 3;
  constexpr std::size_t longest_name = 100;
  std::map<std::string, std::string> found;
  for (const auto& text : texts) {
    const auto code = text.substr(0, code_length);
    if (!is_currency(code) || text.size() <= code_length + 1 || text[code_length] != '=')
      return error::malformed;
    const auto name = text.substr(code_length + 1);
    if (name.size() > longest_name || !is_clean(name)) return error::malformed;
    if (!found.emplace(code, name).second) return error::malformed;
  }
  return found;
}

rate_chain::rate_chain(std::vector<std::shared_ptr<const rate_table>> tables) {
  for (auto& table : tables)
    if (table && table->size() > 0 && (tables_.empty() || table->currency() == tables_.front()->currency()))
      tables_.push_back(std::move(table));
}

const rate* rate_chain::find(std::string_view digits) const {
  for (const auto& table : tables_)
    if (const auto* found = table->find(digits)) return found;
  return nullptr;
}

const std::string& rate_chain::currency() const {
  static const std::string none;
  return tables_.empty() ? none : tables_.front()->currency();
}

}  // namespace tollgate::billing
