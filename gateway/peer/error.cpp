// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/error.hpp"

#include <string>

namespace tollgate::gateway::peer {

namespace {

const char* text_of(error value) {
  switch (value) {
    case error::state_unreadable:
      return "the state directory cannot be read or holds a damaged file";
    case error::state_unwritable:
      return "the state directory cannot be written";
    case error::not_logged_in:
      return "not logged in: run `tollgate-peer login` first";
    case error::no_passphrase:
      return "no pass-phrase: give --passphrase-file or TOLLGATE_PASSPHRASE";
    case error::sound_unreadable:
      return "the file to play is missing or of no known format";
    case error::sound_unwritable:
      return "the recording cannot be written";
    case error::message_damaged:
      return "the voicemail message is damaged or came incomplete";
  }
  return "unknown peer error";
}

// The base's destructor is protected and not virtual on purpose: categories are never destroyed through it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tollgate.peer"; }
  std::string message(int value) const override { return text_of(static_cast<error>(value)); }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& error_category() {
  static const category instance;
  return instance;
}

boost::system::error_code make_error_code(error value) {
  return {static_cast<int>(value), error_category()};
}

}  // namespace tollgate::gateway::peer
