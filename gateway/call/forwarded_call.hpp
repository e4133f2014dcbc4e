// SPDX-License-Identifier: Apache-2.0
// The leg of an inbound call to a telephone of its owner's: paid from the owner's credit under the owner's
// dial policy and limits, with a CDR of its own that names the inbound call. Its media is the inbound call's,
// in the place of the devices. What happens is told to the inbound call, which tells its caller.
#pragma once

#include "gateway/call/outbound_leg.hpp"
#include "voicemail/inbound_rules.hpp"

namespace tollgate::gateway::call {

// What an inbound call's headers tell of its way to us.
struct redirection_history {
  std::vector<pstn::sip::diversion> diversions;   // the latest first
  std::vector<pstn::sip::history_entry> entries;  // the oldest first; empty: `diversions` tells all that is known
  bool has_called = false;                        // the last entry is the rented number's
  std::size_t unnamed = 0;  // redirections that are not told of, but count against a loop
};

// Of an INVITE in over `trunk`. Who is not trusted to tell callers' numbers is not believed in others' either: their
// number alone is kept.
redirection_history history_of(const pstn::sip::incoming_invite& invite, const pstn::trunk::trunk& trunk,
                               const pstn::phone_number& called);

struct forward_order {
  uuid parent{};  // the inbound call
  uuid account_id{};
  pstn::phone_number called;  // the rented number
  voicemail::forward_target target;
  voicemail::forward_situation why;
  pstn::trunk::caller_identity caller;
  redirection_history history;  // of the inbound call
  int max_forwards = 69;                      // hops that are left to it
  std::shared_ptr<media_session> media;
};

class forwarded_call final : public outbound_leg {
 public:
  forwarded_call(const environment& e, forward_order order, std::function<void(forward_told)> tell);

  // The whole leg; the last that is told is forward_event::settled. The object must be owned by a shared_ptr,
  // which the coroutine keeps.
  static boost::asio::awaitable<void> run(std::shared_ptr<forwarded_call> self);

  // A digit of the caller's that did not come through the media; one that did, where this telephone has its
  // digits by signalling.
  void press_for_caller(char digit, std::chrono::milliseconds duration) { press(digit, duration); }
  bool wants_digits_by_info() const { return digits_by_info(); }

 private:
  boost::asio::awaitable<void> live();
  boost::asio::awaitable<std::optional<refusal>> admit();
  boost::asio::awaitable<void> talk();
  void on(const call_event& event);

  call_machine::settings machine_settings() const override;
  // Who calls, where somebody trusted has told us; else the trunk's own number, or nobody.
  pstn::trunk::caller_identity shown_caller() const override {
    if (order_.caller.vouched_for) return order_.caller;
    return {.number = std::nullopt, .display = "", .withheld = order_.caller.withheld};
  }
  void tell_redirections(pstn::sip::invite& request, const pstn::trunk::trunk& by) const override;
  int max_forwards() const override { return order_.max_forwards; }
  void tell_ringing(bool early_media) override { tell({facts_.call_id, forward_event::rang{early_media}}); }
  void tell_answered() override { tell({facts_.call_id, forward_event::answered{}}); }
  void tell_low_credit(std::chrono::seconds left) override;
  void tell_more_credit(std::chrono::seconds left) override;
  void tell_digit(char digit, std::chrono::milliseconds duration) override;
  void tell(forward_told what) { tell_(std::move(what)); }
  void tell_payer(const std::string& kind, std::chrono::seconds left) const;

  forward_order order_;
  std::function<void(forward_told)> tell_;
};

// Which targets a call may go on to in this situation, in their order: none that the call has been through,
// nor its caller, nor one that another call of the account is being forwarded to while it is not answered (a
// loop through a telephone that forwards back to us, whatever its carrier writes into the headers).
std::vector<voicemail::forward_target> targets_for(const std::vector<voicemail::forward_target>& all,
                                                   voicemail::forward_situation when,
                                                   const std::vector<pstn::phone_number>& been_through,
                                                   const std::vector<live_call_ptr>& forwards);

}  // namespace tollgate::gateway::call
