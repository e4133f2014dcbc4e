// SPDX-License-Identifier: Apache-2.0
// One OPTIONS request outside of any dialog (RFC 3261 §11), by which a trunk's health is asked. On the SIP
// thread only.
#pragma once

#include <string>

#include "pstn/sip/handle_owner.hpp"
#include "pstn/sip/timer.hpp"

namespace tollgate::pstn::sip {

class probe final : public handle_owner {
 public:
  probe(endpoint& home, call_key key, const std::string& uri);

  void on_event(const stack_event& signal) override;
  void begin_stop() override;
  void abandon() override;

 private:
  void finish(int status);

  bool is_done_ = false;
  timer deadline_;
};

}  // namespace tollgate::pstn::sip
