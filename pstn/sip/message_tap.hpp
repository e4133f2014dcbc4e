// SPDX-License-Identifier: Apache-2.0
// Sees every message that passes Sofia's transports, by its log of messages (TPTAG_LOG): the only place where
// the library shows what it sends by itself (100, ACK, retransmissions). Lives on the SIP thread.
#pragma once

#include <cstdarg>
#include <functional>
#include <string_view>

#include "pstn/sip/user_agent.hpp"

namespace tollgate::pstn::sip {

/// Puts messages together again out of the pieces in which the library prints them. The pieces are told apart
/// by their formats, which no far end can forge: a message's bytes are arguments only.
class message_tap {
 public:
  using sink = std::function<void(const seen_message&)>;

  explicit message_tap(sink out) : out_(std::move(out)) {}

  /// One piece of the library's log; false: it is none of a message.
  bool take(const char* format, va_list arguments);

 private:
  void begin(std::string_view stamp);
  void end();

  sink out_;
  seen_message message_;
  bool open_ = false;
};

}  // namespace tollgate::pstn::sip
