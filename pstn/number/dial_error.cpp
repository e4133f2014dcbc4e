// SPDX-License-Identifier: Apache-2.0
#include "pstn/number/dial_error.hpp"

#include <string>

namespace tollgate::pstn::number {

std::string_view code(dial_error error) {
  switch (error) {
    case dial_error::empty:
      return "empty";
    case dial_error::malformed:
      return "malformed";
    case dial_error::too_short:
      return "too_short";
    case dial_error::too_long:
      return "too_long";
    case dial_error::unknown_country_code:
      return "unknown_country_code";
    case dial_error::not_in_numbering_plan:
      return "not_in_numbering_plan";
    case dial_error::emergency:
      return "emergency";
    case dial_error::short_code:
      return "short_code";
    case dial_error::premium_rate:
      return "premium_rate";
    case dial_error::shared_cost:
      return "shared_cost";
    case dial_error::satellite:
      return "satellite";
    case dial_error::high_risk:
      return "high_risk";
    case dial_error::barred:
      return "barred";
  }
  return "malformed";
}

std::string_view sentence(dial_error error) {
  switch (error) {
    case dial_error::empty:
      return "No number was given.";
    case dial_error::malformed:
      return "This is not a telephone number: only digits, a leading + and separators are allowed.";
    case dial_error::too_short:
      return "The number is too short.";
    case dial_error::too_long:
      return "The number is too long.";
    case dial_error::unknown_country_code:
      return "No country has this country code.";
    case dial_error::not_in_numbering_plan:
      return "There is no such number in that country.";
    case dial_error::emergency:
      return "Emergency numbers cannot be called from here: use an ordinary telephone or mobile.";
    case dial_error::short_code:
      return "Short and service numbers work only inside one telephone network and cannot be called from "
             "here.";
    case dial_error::premium_rate:
      return "Calls to premium-rate numbers are not allowed.";
    case dial_error::shared_cost:
      return "Calls to shared-cost numbers are not allowed.";
    case dial_error::satellite:
      return "Calls to satellite telephones are not allowed.";
    case dial_error::high_risk:
      return "Calls to this destination are not allowed, because of the risk of fraud.";
    case dial_error::barred:
      return "Calls to this destination are not allowed from this account.";
  }
  return "This is not a telephone number.";
}

namespace {

// Boost's base class has no virtual destructor; categories are never deleted.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class dial_error_category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tollgate.dial"; }
  std::string message(int value) const override {
    return std::string{sentence(static_cast<dial_error>(value))};
  }
};

#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& dial_category() {
  static const dial_error_category category;
  return category;
}

}  // namespace tollgate::pstn::number
