// SPDX-License-Identifier: Apache-2.0
#include "pstn/number/phone_number.hpp"

#include <algorithm>
#include <charconv>

#include "pstn/number/dial_error.hpp"
#include "pstn/number/numbering_plan.hpp"

namespace tollgate::pstn::number {

boost::system::result<phone_number> phone_number::parse(std::string_view e164) {
  if (e164.empty()) return dial_error::empty;
  if (e164.front() != '+') return dial_error::malformed;
  const std::string_view digits = e164.substr(1);
  if (!std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return dial_error::malformed;
  if (digits.size() > most_digits) return dial_error::too_long;
  const auto country = country_code_of_digits(digits);
  if (!country)
    return digits.size() < least_digits ? dial_error::too_short : dial_error::unknown_country_code;
  if (digits.size() < least_digits) return dial_error::too_short;
  phone_number number;
  std::ranges::copy(e164, number.text_.begin());
  number.size_ = static_cast<std::uint8_t>(e164.size());
  number.country_code_digits_ = static_cast<std::uint8_t>(std::to_string(*country).size());
  return number;
}

int phone_number::country_code() const {
  int code = 0;
  std::from_chars(text_.data() + 1, text_.data() + 1 + country_code_digits_, code);
  return code;
}

std::string phone_number::national() const {
  return {text_.data() + 1 + country_code_digits_, size_ - 1U - country_code_digits_};
}

std::string redacted(const phone_number& number) {
  std::string text = number.e164();
  const std::size_t visible = 1 + std::to_string(number.country_code()).size();
  for (std::size_t i = visible; i + 2 < text.size(); ++i)
    text[i] = '*';
  return text;
}

}  // namespace tollgate::pstn::number
