// SPDX-License-Identifier: Apache-2.0
// One request outside of any dialog: OPTIONS (RFC 3261 §11), by which a trunk's health is asked, or a NOTIFY
// without a subscription. On the SIP thread only.
#pragma once

#include <optional>
#include <string>

#include "pstn/sip/handle_owner.hpp"
#include "pstn/sip/timer.hpp"

namespace tollgate::pstn::sip {

class probe final : public handle_owner {
 public:
  // `what`: of a NOTIFY; nothing: OPTIONS.
  probe(endpoint& home, call_key key, const std::string& uri, const std::optional<notice>& what);

  void on_event(const stack_event& signal) override;
  void begin_stop() override;
  void abandon() override;

 private:
  void finish(int status);

  const bool is_notice_;
  bool is_done_ = false;
  timer deadline_;
};

}  // namespace tollgate::pstn::sip
