// SPDX-License-Identifier: Apache-2.0
// What a NUA handle's events are delivered to: a call or an OPTIONS probe. Lives on the SIP thread, owned by
// the endpoint.
#pragma once

#include "pstn/sip/events.hpp"
#include "pstn/sip/sofia.hpp"

namespace tollgate::pstn::sip {

/// One event of the stack; everything in it is valid only during the callback.
struct stack_event {
  nua_event_t what;
  int status;
  const char* phrase;
  const sip_t* message;  // nullptr for events of the stack's own making
};

class handle_owner {
 public:
  handle_owner(endpoint& home, call_key key) : home_(home), key_(key) {}
  virtual ~handle_owner();
  handle_owner(const handle_owner&) = delete;
  handle_owner& operator=(const handle_owner&) = delete;

  virtual void on_event(const stack_event& signal) = 0;

  /// Starts to end it by itself, because the user agent stops.
  virtual void begin_stop() = 0;

  /// Ends it now, without waiting for the far end.
  virtual void abandon() = 0;

  call_key key() const { return key_; }

 protected:
  endpoint& home_;
  const call_key key_;
  nua_handle_t* handle_ = nullptr;  // destroyed with the owner: after that the stack delivers no event of it
};

}  // namespace tollgate::pstn::sip
