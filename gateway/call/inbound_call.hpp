// SPDX-License-Identifier: Apache-2.0
// A call from the telephone network to a rented number: owner, devices, ringing, bridge or voicemail, end.
// The talking half is in inbound_call.cpp, forwarding to telephones in inbound_forward.cpp, the mailbox half
// in inbound_voicemail.cpp and inbound_retrieval.cpp.
#pragma once

#include <functional>
#include <map>

#include "gateway/call/call_base.hpp"
#include "gateway/call/metered_recorder.hpp"
#include "gateway/call/told_source.hpp"
#include "pstn/number/phone_number.hpp"
#include "pstn/sip/offer_answer.hpp"
#include "pstn/trunk/caller_id.hpp"
#include "voicemail/inbound_rules.hpp"
#include "voicemail/mailbox_settings.hpp"
#include "voicemail/number_store.hpp"
#include "voicemail/retrieval.hpp"

namespace tollgate::gateway::call {

class forwarded_call;

class inbound_call final : public call_base {
 public:
  // `trunk` is the one whose address the INVITE came from.
  inbound_call(const environment& e, pstn::sip::incoming_invite invite, trunk_choice trunk);

  // The whole call. The object must be owned by a shared_ptr, which the coroutine keeps.
  static boost::asio::awaitable<void> run(std::shared_ptr<inbound_call> self);

 private:
  // What a caller hears before a refusal.
  enum class announcement { none, no_service, unavailable };
  struct refusal {
    int status;
    std::string phrase;
    int q850;
    std::string reason;
    announcement announced = announcement::none;
  };
  struct ringing_device {
    overlay::session_ptr device;
    device_index index;
    bool refused = false;
  };
  static constexpr const char* no_media = "The telephone side agreed to no codec of ours.";

  // How the ringing ended.
  enum class ring_result { answered, not_answered, caller_gone };

  boost::asio::awaitable<void> live();
  boost::asio::awaitable<std::optional<refusal>> find_owner();
  boost::asio::awaitable<std::optional<refusal>> verify_caller();  // inbound_identity.cpp
  std::optional<refusal> prepare_trunk_media();
  boost::asio::awaitable<void> find_answer();
  boost::asio::awaitable<void> announce(announcement what);  // inbound_voicemail.cpp
  boost::asio::awaitable<ring_result> ring();
  void offer_to_devices();
  void offer_to(const overlay::session_ptr& device);
  void offer_again(const overlay::session_ptr& device);
  std::optional<ring_result> on_ringing(const call_event& event);
  std::optional<ring_result> on_answer(const peer_event::answered& answer);
  void end_ringing(const std::string& code, const std::string& text, const overlay::session_ptr& except);
  bool all_refused() const;
  void is_busy();

  boost::asio::awaitable<void> talk();
  void on_talking(const call_event& event);
  void on_talking_sip(const pstn::sip::event& event);
  void restart_overlay(const peer_event::restarted& restart);

  // Going on to the owner's telephones (inbound_forward.cpp). It is over when ending_ says so.
  bool forwards(voicemail::forward_situation when) const;
  std::optional<std::vector<pstn::phone_number>> been_through() const;
  boost::asio::awaitable<void> forward(voicemail::forward_situation when);
  boost::asio::awaitable<void> forward_to(const voicemail::forward_target& target,
                                          voicemail::forward_situation when);
  void on_forwarding(const call_event& event);
  void on_forwarding_sip(const pstn::sip::event& event);
  void on_forward_told(const forward_told& told);
  void ring_forwarded(bool early_media);
  void connect_forwarded();
  void end_forwarded(party by, const std::string& reason, const std::string& text, int q850);

  struct recording {
    std::shared_ptr<const std::vector<std::byte>> audio;  // Ogg Opus
    std::chrono::milliseconds duration{0};
    double level_dbov = -127;
  };

  // Leaving a message (inbound_voicemail.cpp).
  boost::asio::awaitable<void> voicemail();
  boost::asio::awaitable<void> open_mailbox();
  boost::asio::awaitable<bool> read_mailbox();
  std::shared_ptr<pstn::media::audio_source> greeting() const;
  void tell(std::shared_ptr<pstn::media::audio_source> source);
  void say(const voicemail::utterance& said);
  void tell_recording();
  bool told_to_the_end() const;
  boost::asio::awaitable<void> perform(voicemail::deposit& machine, voicemail::deposit::actions actions);
  std::optional<voicemail::deposit_event> to_deposit_event(const call_event& event);
  boost::asio::awaitable<voicemail::deposit_event> store_message(bool urgent);
  void start_recording(std::chrono::milliseconds longest);
  boost::asio::awaitable<void> stop_recording();

  // Hearing messages (inbound_retrieval.cpp).
  boost::asio::awaitable<void> retrieve();
  boost::asio::awaitable<void> carry_out(voicemail::retrieval& machine,
                                         voicemail::retrieval::actions actions);
  boost::asio::awaitable<std::optional<voicemail::any_retrieval_event>> carry_out_one(
      const voicemail::any_retrieval_action& action);
  boost::asio::awaitable<std::optional<voicemail::any_retrieval_event>> play_message(uuid message_id);
  boost::asio::awaitable<voicemail::any_retrieval_event> check_pin(std::string pin);
  boost::asio::awaitable<voicemail::any_retrieval_event> list_messages();
  boost::asio::awaitable<voicemail::any_retrieval_event> list_more(bool unread, uuid after, bool after_urgent);
  boost::asio::awaitable<voicemail::any_retrieval_event> forward_message(uuid message_id, std::string digits);
  boost::asio::awaitable<voicemail::any_retrieval_event> change_pin(std::string pin);
  using box_change = std::function<boost::system::result<void>(pqxx::work&)>;
  boost::asio::awaitable<voicemail::any_retrieval_event> change_box(box_change change);
  box_change change_of(const voicemail::any_retrieval_action& action) const;
  void carry_out_at_once(const voicemail::any_retrieval_action& action);
  std::optional<voicemail::any_retrieval_event> to_retrieval_event(const call_event& event);

  void answer_trunk();
  void cancel_answered();  // by a CANCEL that was faster than our answer: that has not gone out
  // An ACK, or the answer to a session refresh. False: it does not answer our offer, and there is no media; the
  // trunk has been hung up.
  bool take_acknowledgement(const pstn::sip::acknowledged& answer);
  void end(party by, std::string reason, std::string text, int sip_code, int q850);

  pstn::sip::incoming_invite invite_;
  pstn::sip::call_key dialog_;
  trunk_choice trunk_;
  std::optional<voicemail::number_owner> owner_;
  std::chrono::seconds ring_for_{20};
  std::vector<ringing_device> devices_;
  pstn::trunk::caller_identity identity_;  // of the caller
  std::optional<pstn::phone_number> called_;
  std::vector<voicemail::forward_target> forwarding_;
  voicemail::forward_situation unreached_ = voicemail::forward_situation::no_answer;  // why no device talks
  std::shared_ptr<forwarded_call> forward_;                                           // the telephone's leg
  bool forward_answered_ = false;
  std::string forward_region_;  // of the telephone
  bool early_ = false;          // the caller hears us before the answer
  std::string caller_name_;
  overlay::session_ptr talking_device_;
  device_index talking_index_ = 0;
  bool ringing_told_ = false;
  std::string trunk_sdp_;       // our answer, or our offer where the INVITE had none
  bool trunk_offered_ = false;  // ours was the offer: the ACK brings the answer
  std::optional<trunk_remote> trunk_remote_;
  std::optional<std::chrono::steady_clock::time_point> talk_began_, talk_ended_;
  std::optional<ending> ending_;
  std::shared_ptr<metered_recorder> recorder_;
  recording recorded_;
  std::shared_ptr<told_source> told_;
  bool quiet_ = false;  // the owner wants no device to ring now
  std::string region_;  // of the owner: how national numbers are read
  voicemail::greeting_kind situation_ =
      voicemail::greeting_kind::no_answer;  // why nobody talks to the caller
  std::optional<voicemail::language> spoken_;
  std::map<voicemail::greeting_kind, std::shared_ptr<const std::vector<std::byte>>>
      greetings_;             // the owner's own
  bool owner_telephone_ = false;  // the caller's number is one of the owner's
  bool owner_calls_ = false;      // and wants to hear the messages
  bool bye_waits_ = false;
};

}  // namespace tollgate::gateway::call
