// SPDX-License-Identifier: Apache-2.0
// One address of record that is kept registered at a carrier (RFC 3261 §10.2): refreshed before it expires,
// tried again with growing pauses while it is refused (RFC 5626 §4.5), and removed at the end. On the SIP
// thread only.
#pragma once

#include <chrono>
#include <optional>

#include "pstn/sip/handle_owner.hpp"
#include "pstn/sip/realm_pins.hpp"
#include "pstn/sip/timer.hpp"

namespace tollgate::pstn::sip {

class registration final : public handle_owner {
 public:
  registration(endpoint& home, call_key key, registration_request request);

  void on_event(const stack_event& signal) override;
  void begin_stop() override;  // unregisters, then is gone
  void abandon() override;

 private:
  void send();
  void fail(int status, std::optional<std::chrono::seconds> retry_after);
  void on_deadline();
  realms known() const;  // that are answered; empty: any

  registration_request request_;
  bool leaving_ = false;
  bool waiting_ = false;   // for the answer to a REGISTER that send() began
  bool given_up_ = false;  // that answer has not come in time; when it comes at last, a refusal is no news
  int challenges_answered_ = 0;
  realms answered_realms_;
  int failures_ = 0;  // in a row
  timer deadline_;    // of the answer, of the next attempt, or of the farewell
};

}  // namespace tollgate::pstn::sip
