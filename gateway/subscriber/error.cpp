// SPDX-License-Identifier: Apache-2.0
// Codes and sentences of the subscribers' errors.
#include "gateway/subscriber/error.hpp"

#include <string>

namespace tollgate::gateway::subscriber {
namespace {

struct description {
  const char* code;
  const char* sentence;
};

description describe(errc value) {
  switch (value) {
    case errc::name_taken:
      return {"name_taken", "There is a subscriber of this name already."};
    case errc::name_malformed:
      return {"name_malformed",
              "A name has 1 to 64 letters, digits, dots, hyphens and underscores, and begins and ends with a "
              "letter or digit."};
    case errc::passphrase_unsuitable:
      return {"passphrase_unsuitable", "A pass-phrase has 8 to 256 bytes."};
    case errc::region_malformed:
      return {"region_malformed", "A region is the two capital letters of a country (ISO 3166)."};
    case errc::setting_out_of_range:
      return {"setting_out_of_range", "A setting is out of its range."};
    case errc::no_subscriber:
      return {"no_subscriber", "There is no such subscriber."};
    case errc::wrong_passphrase:
      return {"wrong_passphrase", "The name or the pass-phrase is wrong."};
    case errc::locked_out:
      return {"locked_out", "Too many wrong pass-phrases: try again later."};
    case errc::blocked:
      return {"blocked", "The subscriber is blocked."};
    case errc::overloaded:
      return {"overloaded", "Too many log-ins at once: try again in a moment."};
    case errc::policy_malformed:
      return {"policy_malformed",
              "Prefixes have 1 to 15 digits, countries are ISO 3166 codes, limits are not negative."};
  }
  return {"unknown", "unknown error"};
}

// Boost declares the base's destructor protected and not virtual on purpose: categories are never destroyed
// through it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tollgate.subscriber"; }
  std::string message(int value) const override { return describe(static_cast<errc>(value)).sentence; }
};
#pragma GCC diagnostic pop

}  // namespace

const char* code_of(errc value) noexcept {
  return describe(value).code;
}

const boost::system::error_category& error_category() noexcept {
  static const category instance;
  return instance;
}

}  // namespace tollgate::gateway::subscriber
