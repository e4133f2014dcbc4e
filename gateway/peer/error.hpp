// SPDX-License-Identifier: Apache-2.0
// What can go wrong in the peer itself, before or beside the gateway's refusals.
#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <type_traits>

namespace tollgate::gateway::peer {

enum class error : std::uint8_t {
  state_unreadable = 1,  ///< a file of the state directory cannot be read, or is not what it should be
  state_unwritable,      ///< the state directory or a file in it cannot be written
  not_logged_in,         ///< no credential: `login` comes first
  no_passphrase,         ///< none given, and no terminal to ask at
  sound_unreadable,      ///< the file to play is missing or of no known format
  sound_unwritable,      ///< the recording cannot be written
  message_damaged,       ///< a voicemail message that is no Ogg Opus, or came incomplete
};

const boost::system::error_category& error_category();
boost::system::error_code make_error_code(error value);

}  // namespace tollgate::gateway::peer

template <>
struct boost::system::is_error_code_enum<tollgate::gateway::peer::error> : std::true_type {};
