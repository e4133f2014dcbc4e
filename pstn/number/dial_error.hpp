// SPDX-License-Identifier: Apache-2.0
// Why a text is not a number that may be called: the one error enum of pstn/number, as boost::system error
// codes.
#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <string_view>
#include <type_traits>

namespace tollgate::pstn::number {

enum class dial_error {
  empty = 1,              // nothing to dial
  malformed,              // something other than digits, a leading plus and the usual separators
  too_short,              // fewer digits than any number of that country
  too_long,               // more digits than any number of that country, or than E.164 allows (15)
  unknown_country_code,   // no country answers to these first digits
  not_in_numbering_plan,  // the length would do, but that country has no such number
  emergency,              // 112, 911, 999, ...: never carried (calls must go by a real telephone)
  short_code,             // a short or service number that means something inside one network only
  premium_rate,           // closed by the dial policy, as are all below
  shared_cost,
  satellite,
  high_risk,
  barred,  // the prefix or country is shut for everybody or for this account
};

/// The name that goes over wires and into records: "empty", "premium_rate", ...
std::string_view code(dial_error error);

/// One English sentence for the subscriber.
std::string_view sentence(dial_error error);

/// Category "tollgate.dial"; message() is sentence().
const boost::system::error_category& dial_category();

inline boost::system::error_code make_error_code(dial_error error) {
  return {static_cast<int>(error), dial_category()};
}

}  // namespace tollgate::pstn::number

template <>
struct boost::system::is_error_code_enum<tollgate::pstn::number::dial_error> : std::true_type {};
