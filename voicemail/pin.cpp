// SPDX-License-Identifier: Apache-2.0
#include "voicemail/pin.hpp"

#include <algorithm>
#include <boost/uuid/uuid_io.hpp>

namespace tollgate::voicemail {
namespace {

// A group of digits that is said at least twice, the last time perhaps not to its end.
bool repeats(std::string_view pin) {
  for (std::size_t period = 1; period <= pin.size() / 2; ++period) {
    if (std::equal(pin.begin() + static_cast<std::ptrdiff_t>(period), pin.end(), pin.begin())) return true;
  }
  return false;
}

// Each digit follows the one before by the same step, also past 9 (567890, 098765).
bool runs(std::string_view pin) {
  const auto step = [&](std::size_t at) { return (pin[at] - pin[at - 1] + 10) % 10; };
  if (step(1) != 1 && step(1) != 9) return false;
  for (std::size_t at = 2; at < pin.size(); ++at)
    if (step(at) != step(1)) return false;
  return true;
}

}  // namespace

bool suitable_pin(std::string_view pin, std::span<const std::string> numbers) {
  if (pin.size() < pin_least_digits || pin.size() > pin_most_digits) return false;
  if (!std::all_of(pin.begin(), pin.end(), [](char c) { return c >= '0' && c <= '9'; })) return false;
  if (repeats(pin) || runs(pin)) return false;
  return std::none_of(numbers.begin(), numbers.end(), [&](const std::string& number) {
    return number.find(pin) != std::string::npos;
  });
}

std::string make_pin(std::span<const std::string> numbers, const std::function<std::uint32_t()>& random) {
  constexpr std::uint32_t range = 1'000'000;
  // Draws beyond the last whole range would make some PINs likelier than others.
  constexpr std::uint32_t limit = UINT32_MAX / range * range;
  for (;;) {
    const auto drawn = random();
    if (drawn >= limit) continue;
    auto pin = std::to_string(drawn % range);
    pin.insert(0, pin_least_digits - pin.size(), '0');
    if (suitable_pin(pin, numbers)) return pin;
  }
}

std::string pin_secret(const boost::uuids::uuid& account_id, std::string_view pin) {
  return "voicemail:" + boost::uuids::to_string(account_id) + ":" + std::string(pin);
}

}  // namespace tollgate::voicemail
