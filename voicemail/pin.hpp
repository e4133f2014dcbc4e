// SPDX-License-Identifier: Apache-2.0
// PINs of mailboxes: which will do, and a random one. What is hashed is not the PIN alone, so that equal PINs of two
// mailboxes have nothing in common. Free of IO.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace tollgate::voicemail {

inline constexpr std::size_t pin_least_digits = 6;
inline constexpr std::size_t pin_most_digits = 12;

// Whether a PIN may be used: 6 to 12 digits, and not what is tried first: one digit or one group of digits again and again
// (777777, 121212, 123123), digits in a row either way (123456, 987654), or part of a telephone number of the owner's.
// `numbers` are those, as digits.
bool suitable_pin(std::string_view pin, std::span<const std::string> numbers);

// A suitable PIN of 6 digits. `random` gives 32 random bits that nobody can foresee.
std::string make_pin(std::span<const std::string> numbers, const std::function<std::uint32_t()>& random);

// What is hashed by Argon2id (RFC 9106) and verified in place of the PIN.
std::string pin_secret(const boost::uuids::uuid& account_id, std::string_view pin);

}  // namespace tollgate::voicemail
