// SPDX-License-Identifier: Apache-2.0
// Everything that can happen to a live call, from whichever side: what its inbox holds.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <string>
#include <variant>

#include "billing/ledger.hpp"
#include "gateway/call/media_event.hpp"
#include "gateway/overlay/session.hpp"
#include "pstn/sip/events.hpp"

namespace tollgate::gateway::call {

namespace peer_event {  // from the subscriber's devices
struct rang {
  overlay::session_ptr device;
};
struct answered {
  overlay::session_ptr device;
  overlay::webrtc_description description;
};
struct hung_up {
  overlay::session_ptr device;
  std::string code;  // "busy", "declined", "normal", …
};
struct digit {
  char digit;
  std::chrono::milliseconds duration;
};
struct restarted {  // ICE restart
  overlay::session_ptr device;
  overlay::webrtc_description description;
};
struct reattached {
  overlay::session_ptr device;
};  // the same device, on a new connection
struct detached {
  overlay::session_ptr device;
};
}  // namespace peer_event

// From the gateway itself: an operator, or its shutdown.
struct operator_hang_up {
  std::string reason;
  std::string text;
  bool spares_emergencies = false;
};
// The account may have more free credit than it had.
struct credit_grew {};
// The subscriber may be told what the call costs so far.
struct cost_due {};
// The ledger no longer knows the call's hold.
struct hold_lost {};

// What came of an extension; nothing: the database could not be reached.
struct credit_extended {
  std::optional<billing::extend_answer> answer;
};

namespace forward_event {  // from the leg to the telephone that an inbound call is forwarded to
struct rang {
  bool early_media;
};
struct answered {};
struct digit {  // by signalling; others go through the media
  char digit;
  std::chrono::milliseconds duration;
};
struct over {  // the telephone is gone, or never came
  bool by_telephone;
  std::string reason, text;
  int q850;
};
struct settled {};  // and so is its charge: the last event
}  // namespace forward_event
struct forward_told {
  boost::uuids::uuid leg;
  std::variant<forward_event::rang, forward_event::answered, forward_event::digit, forward_event::over,
               forward_event::settled>
      what;
};
// To that leg: its caller has gone.
struct caller_gone {};

using call_event =
    std::variant<pstn::sip::event, media_message, peer_event::rang, peer_event::answered, peer_event::hung_up,
                 peer_event::digit, peer_event::restarted, peer_event::reattached, peer_event::detached,
                 operator_hang_up, credit_grew, cost_due, hold_lost, credit_extended, forward_told, caller_gone>;

// For std::visit: a function for each alternative.
template <class... Functions>
struct overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
overloaded(Functions...) -> overloaded<Functions...>;

}  // namespace tollgate::gateway::call
