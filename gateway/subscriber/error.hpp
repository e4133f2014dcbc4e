// SPDX-License-Identifier: Apache-2.0
// The expected failures of subscribers and their log-in.
#pragma once

#include <type_traits>

#include <boost/system/error_code.hpp>

namespace tollgate::gateway::subscriber {

enum class errc {
  name_taken = 1,
  name_malformed,         ///< not 1 to 64 of a-z 0-9 . _ - beginning and ending with a letter or digit
  passphrase_unsuitable,  ///< fewer than 8 or more than 256 bytes
  region_malformed,       ///< not two letters
  setting_out_of_range,
  no_subscriber,
  wrong_passphrase,  ///< or no such name: the two cannot be told apart
  locked_out,        ///< too many wrong pass-phrases; asks again after the window
  blocked,           ///< the pass-phrase was right, but the subscriber is blocked or closed
  overloaded,        ///< too many log-ins at once
  policy_malformed,  ///< a prefix, country or limit of a calling policy
};

/// A stable word for programs, such as "wrong_passphrase".
const char* code_of(errc value) noexcept;
const boost::system::error_category& error_category() noexcept;
inline boost::system::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), error_category()};
}

}  // namespace tollgate::gateway::subscriber

template <>
struct boost::system::is_error_code_enum<tollgate::gateway::subscriber::errc> : std::true_type {};
