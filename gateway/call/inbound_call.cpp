// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/inbound_call.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "gateway/call/leg_setup.hpp"
#include "gateway/call/summary.hpp"
#include "gateway/logging/line.hpp"
#include "gateway/subscriber/caller_choice.hpp"
#include "gateway/subscriber/subscriber_store.hpp"

namespace tollgate::gateway::call {

namespace media = pstn::media;
namespace sip = pstn::sip;

namespace {

// What the network says of the caller's name, as far as it can be shown: UTF-8 and at most 64 bytes, or
// nothing.
std::string shown_name(std::string name) {
  constexpr std::size_t longest = 64;
  if (name.size() > longest) name.resize(longest);
  for (int cut = 0; cut < 4 && !name.empty(); ++cut) {  // a character may have been cut in the middle
    boost::system::error_code error;
    boost::json::parse(boost::json::serialize(boost::json::value(name)), error);
    if (!error) return name;
    name.pop_back();
  }
  return {};
}

// Whether the caller's number is one of the owner's: rented, verified, or a telephone that calls are forwarded to. It proves
// nothing: numbers can be feigned, and the PIN is asked for.
bool is_own_telephone(pqxx::work& tx, const uuid& account_id, const std::vector<voicemail::forward_target>& forwarding,
                      const pstn::trunk::caller_identity& caller) {
  if (!caller.number || caller.withheld) return false;
  const auto same = [&caller](const pstn::phone_number& one) { return one == *caller.number; };
  const auto rented = voicemail::numbers_of(tx, account_id);
  const auto verified = subscriber::find_caller_choice(tx, account_id).verified;
  return std::any_of(forwarding.begin(), forwarding.end(), [&](const auto& target) { return same(target.number); }) ||
         std::any_of(verified.begin(), verified.end(), same) ||
         std::find(rented.begin(), rented.end(), caller.number->e164().substr(1)) != rented.end();
}

}  // namespace

inbound_call::inbound_call(const environment& e, sip::incoming_invite invite, trunk_choice trunk)
    : call_base(e, billing::call_direction::in),
      invite_(std::move(invite)),
      dialog_(invite_.key),
      trunk_(std::move(trunk)) {
  facts_.trunk = trunk_->name;
  record_.carrier_id = trunk_->carrier_id;
  facts_.overlay_call = boost::uuids::to_string(facts_.call_id);
  identity_ = pstn::trunk::caller_from(*trunk_, invite_);
  if (identity_.number && !identity_.withheld) facts_.caller = identity_.number->e164();
  if (!identity_.withheld) caller_name_ = shown_name(invite_.from_display);
  facts_.callee = invite_.request_uri;
}

boost::asio::awaitable<void> inbound_call::run(std::shared_ptr<inbound_call> self) {
  auto& registry = self->environment_.registry;
  registry.add(self);
  registry.bind(self->dialog_, self->facts_.call_id);
  self->trace_dialog(self->invite_.sip_call_id, self->trunk_->name);
  try {
    co_await self->live();
  } catch (const std::exception& e) {
    spdlog::critical("event=call_failed call_id={} error={}", self->facts_.overlay_call, logging::text(e.what()));
    self->environment_.sip.hang_up(self->dialog_, 41, "");
    self->media_.reset();
  }
  self->environment_.trunks.call_ended(self->trunk_);
  self->end_trace();
  registry.remove(self->facts_.call_id);
}

boost::asio::awaitable<void> inbound_call::live() {
  auto refused = co_await find_owner();
  if (!refused) refused = co_await verify_caller();
  if (!refused) refused = prepare_trunk_media();
  if (refused && refused->announced != announcement::none) co_await announce(refused->announced);
  if (ending_) {  // the caller has heard enough
  } else if (refused) {
    environment_.sip.reject(dialog_, refused->status, refused->phrase, refused->q850);
    end(party::gateway, refused->reason, refused->phrase, refused->status, refused->q850);
  } else {
    co_await find_answer();
  }
  facts_.state = "ending";
  co_await close_media();
  std::chrono::milliseconds talk{0};
  if (talk_began_)
    talk = std::chrono::duration_cast<std::chrono::milliseconds>(
        talk_ended_.value_or(environment_.time.steady()) - *talk_began_);
  if (owner_) co_await settle(*ending_, talk);
  if (talking_device_)
    talking_device_->send_hangup(
        facts_.overlay_call, ending_->reason, ending_->text,
        ended_summary(facts_.call_id, talk, "", billing::settlement{}, std::nullopt));
  spdlog::info("event=call_ended call_id={} direction={} reason={} talk_ms={}", facts_.overlay_call,
               billing::to_string(record_.direction), logging::text(ending_->reason), talk.count());
}

// A device, a telephone of the owner's, or the mailbox.
boost::asio::awaitable<void> inbound_call::find_answer() {
  using voicemail::forward_situation;
  if (forwards(forward_situation::always) && owner_telephone_) {  // it would ring where the call comes from
    co_await open_mailbox();
    co_return;
  }
  if (forwards(forward_situation::always)) {
    unreached_ = forward_situation::always;
  } else {
    const auto rung = co_await ring();
    if (rung == ring_result::caller_gone) co_return;
    if (rung == ring_result::answered) {
      co_await talk();
      co_return;
    }
  }
  if (!quiet_ || unreached_ == forward_situation::always) co_await forward(unreached_);
  if (!ending_) co_await voicemail();
}

boost::asio::awaitable<std::optional<inbound_call::refusal>> inbound_call::find_owner() {
  if (environment_.registry.size() > environment_.settings.calls || !environment_.media.admit())
    co_return refusal{503, "Overloaded", 42, "overloaded"};
  const auto called = pstn::trunk::called_from(*trunk_, invite_);
  if (!called) co_return refusal{404, "Not Found", 1, "number_unknown"};
  called_ = *called;
  facts_.callee = called->e164();
  struct found_owner {
    std::optional<voicemail::number_owner> owner;
    std::optional<std::chrono::seconds> ring_timeout;
    std::string region;
    voicemail::inbound_verdict verdict = voicemail::inbound_verdict::ring;
    std::vector<voicemail::forward_target> forwarding;
    bool is_ours = false;
    bool owner_telephone = false;
  };
  const auto now = environment_.time.wall();
  const auto work = [&called, now, this](pqxx::work& tx) {
    found_owner found;
    found.owner = voicemail::owner_of(tx, *called, now);
    if (!found.owner || !found.owner->term_valid) {
      const auto number = voicemail::find_number(tx, *called);
      found.is_ours = number && number->state != voicemail::number_state::ported_out &&
                      number->state != voicemail::number_state::withdrawn;
      return found;
    }
    found.verdict = voicemail::judge_caller(tx, *called, facts_.caller, now);
    found.forwarding = voicemail::find_forwarding(tx, *called);
    found.owner_telephone = is_own_telephone(tx, found.owner->account_id, found.forwarding, identity_);
    if (const auto who = subscriber::find_subscriber(tx, found.owner->account_id)) {
      found.ring_timeout = who->ring_timeout;
      found.region = who->region;
    }
    return found;
  };
  const auto found = co_await environment_.database.run(work, {.idempotent = true, .subject = db::of_call(facts_.call_id)});
  if (!found) {
    const refusal away{503, "Service Unavailable", 41, "unavailable", announcement::unavailable};
    co_return away;
  }
  if (!found->owner || !found->owner->term_valid) {
    const refusal unknown{404, "Not Found", 1, "number_unknown",
                          found->is_ours ? announcement::no_service : announcement::none};
    co_return unknown;
  }
  owner_ = found->owner;
  facts_.account_id = owner_->account_id;
  region_ = found->region;
  forwarding_ = found->forwarding;
  owner_telephone_ = found->owner_telephone;
  ring_for_ = owner_->ring_timeout.value_or(found->ring_timeout.value_or(environment_.settings.ring_timeout));
  if (found->verdict == voicemail::inbound_verdict::refuse) co_return refusal{603, "Decline", 21, "blocked"};
  quiet_ = found->verdict == voicemail::inbound_verdict::mailbox;
  note_started();
  co_return std::nullopt;
}

std::optional<inbound_call::refusal> inbound_call::prepare_trunk_media() {
  // RFC 6157 §4: an answer in the family of the offer; an offer of ours in that of the request.
  const auto family = sip::family_of_offer(invite_.sdp).value_or(sip::family_of(invite_.source_ip));
  if (!open_media(family)) return refusal{503, "Overloaded", 42, "overloaded"};
  const auto local = local_media(*trunk_);
  if (invite_.sdp.empty()) {
    trunk_offered_ = true;
    trunk_sdp_ = sip::make_offer(local);
    return std::nullopt;
  }
  const auto answered = sip::answer_offer(invite_.sdp, local);
  if (!answered) return refusal{488, "Not Acceptable Here", 65, "no_common_codec"};
  trunk_sdp_ = answered->sdp;
  trunk_keys_ = answered->agreed.srtp;
  trunk_remote_ = trunk_remote_of(*trunk_, answered->agreed, cname_);
  record_.trunk_codec = media::encoding_name(answered->agreed.codec.id);
  return std::nullopt;
}

void inbound_call::offer_to_devices() {
  for (const auto& device : environment_.devices_of(facts_.account_id))
    offer_to(device);
}

// A device that rings and has come back on a new connection: it forgot the offer.
void inbound_call::offer_again(const overlay::session_ptr& device) {
  const auto same = [&](const ringing_device& one) { return one.device->device() == device->device(); };
  const auto found = std::find_if(devices_.begin(), devices_.end(), same);
  if (found == devices_.end() || found->refused) return;
  devices_.erase(found);
  offer_to(device);
}

void inbound_call::offer_to(const overlay::session_ptr& device) {
  const auto local = media_->add_device();
  devices_.push_back({device, local.index});
  device->send_offer(facts_.overlay_call, facts_.caller, caller_name_, facts_.caller_verdict,
                     to_string(offer_overlay(own_endpoint(), local.ice, overlay_ssrc_, cname_)));
}

boost::asio::awaitable<inbound_call::ring_result> inbound_call::ring() {
  const bool free_line =
      environment_.registry.count_of(facts_.account_id) <= environment_.settings.calls_per_subscriber;
  if (free_line && !quiet_) offer_to_devices();
  if (devices_.empty()) unreached_ = voicemail::forward_situation::offline;
  if (!free_line) is_busy();
  const auto deadline = environment_.time.steady() + ring_for_;
  while (!all_refused()) {
    const auto event = co_await inbox_.next(deadline);
    if (!event) break;
    if (const auto result = on_ringing(*event)) co_return *result;
  }
  end_ringing("missed", "The call was not answered in time.", nullptr);
  co_return ring_result::not_answered;
}

void inbound_call::is_busy() {
  situation_ = voicemail::greeting_kind::busy;
  unreached_ = voicemail::forward_situation::busy;
}

bool inbound_call::all_refused() const {
  return std::all_of(devices_.begin(), devices_.end(), [](const ringing_device& one) { return one.refused; });
}

std::optional<inbound_call::ring_result> inbound_call::on_ringing(const call_event& event) {
  const auto refuse = [this](const overlay::session_ptr& device) {
    for (auto& one : devices_)
      if (one.device == device) one.refused = true;
  };
  if (std::holds_alternative<peer_event::rang>(event) && !ringing_told_) {
    ringing_told_ = true;
    facts_.state = "ringing";
    note_ringing();
    environment_.sip.send_progress(dialog_, 180, "");
  }
  if (const auto* one = std::get_if<peer_event::answered>(&event)) return on_answer(*one);
  if (const auto* one = std::get_if<peer_event::reattached>(&event)) offer_again(one->device);
  if (const auto* one = std::get_if<peer_event::hung_up>(&event)) {
    refuse(one->device);
    if (one->code == "busy" && all_refused()) is_busy();
    if (one->code == "declined") {  // by a person: no other device needs to go on ringing
      is_busy();
      end_ringing("declined", "The call was declined on another device.", one->device);
      return ring_result::not_answered;
    }
  }
  if (const auto* one = std::get_if<operator_hang_up>(&event)) {
    end_ringing(one->reason, one->text, nullptr);
    environment_.sip.hang_up(dialog_, 31, one->reason);
    end(party::gateway, one->reason, one->text, 480, 31);
    return ring_result::caller_gone;
  }
  if (const auto* any = std::get_if<sip::event>(&event);
      any && (std::holds_alternative<sip::cancelled>(*any) || std::holds_alternative<sip::ended>(*any))) {
    end_ringing("cancelled", "The caller hung up.", nullptr);
    end(party::caller, "cancelled", "The caller hung up before the answer.", 487, 16);
    return ring_result::caller_gone;
  }
  return std::nullopt;
}

std::optional<inbound_call::ring_result> inbound_call::on_answer(const peer_event::answered& answer) {
  const auto found = std::find_if(devices_.begin(), devices_.end(), [&](const ringing_device& one) {
    return one.device == answer.device && !one.refused;
  });
  if (found == devices_.end()) return std::nullopt;
  media_->connect_overlay(found->index, overlay_remote_of(answer.description, overlay::dtls_setup::actpass,
                                                          overlay_ssrc_, cname_));
  media_->choose_device(found->index);
  talking_device_ = answer.device;
  facts_.credential_generation = talking_device_->credential_generation();
  talking_index_ = found->index;
  record_.overlay_codec = media::encoding_name(answer.description.opus.id);
  for (const auto& one : devices_)
    if (one.device != answer.device && !one.refused) one.device->send_taken(facts_.overlay_call);
  return ring_result::answered;
}

void inbound_call::end_ringing(const std::string& code, const std::string& text,
                               const overlay::session_ptr& except) {
  for (auto& one : devices_) {
    if (!one.refused && one.device != except) one.device->send_hangup(facts_.overlay_call, code, text, {});
    one.refused = true;
  }
}

void inbound_call::answer_trunk() {
  environment_.sip.answer(dialog_, trunk_sdp_);
  note_answered();
  talk_began_ = environment_.time.steady();
  if (trunk_remote_) media_->connect_trunk(*trunk_remote_);
}

void inbound_call::cancel_answered() {
  take_back_answer();
  talk_began_.reset();
  end(party::caller, "cancelled", "The caller hung up.", 487, 16);
}

bool inbound_call::take_acknowledgement(const sip::acknowledged& answer) {
  if (reoffered() || !answer.offer.empty()) {
    take_reinvite_answer(*trunk_, answer);
    return true;
  }
  if (!std::exchange(trunk_offered_, false)) return true;
  const auto negotiated = sip::accept_answer(trunk_sdp_, answer.sdp);
  if (!negotiated) {
    environment_.sip.hang_up(dialog_, 65, "the answer's session description has no codec in common");
    return false;
  }
  record_.trunk_codec = media::encoding_name(negotiated->codec.id);
  trunk_keys_ = negotiated->srtp;
  media_->connect_trunk(trunk_remote_of(*trunk_, *negotiated, cname_));
  return true;
}

boost::asio::awaitable<void> inbound_call::talk() {
  answer_trunk();
  media_->connect_voice(true);
  media_->watch_silence(media::side::overlay, true);
  media_->watch_silence(media::side::trunk, true);
  const auto longest = environment_.time.steady() + environment_.settings.credit.longest;
  while (!ending_) {
    const auto event = co_await inbox_.next(longest);
    if (event) {
      on_talking(*event);
      continue;
    }
    environment_.sip.hang_up(dialog_, 31, "longest duration");
    end(party::gateway, "longest_duration", "The longest duration of a call was reached.", 200, 31);
  }
}

void inbound_call::on_talking(const call_event& event) {
  const auto hang_up = [this](party by, const std::string& reason, const std::string& text, int q850) {
    environment_.sip.hang_up(dialog_, q850, reason);
    end(by, reason, text, 200, q850);
  };
  std::visit(
      overloaded{
          [&](const sip::event& any) { on_talking_sip(any); },
          [&](const peer_event::hung_up& one) {
            if (one.device == talking_device_) hang_up(party::callee, "normal", "You hung up.", 16);
          },
          [&](const peer_event::digit& one) { send_digit(*trunk_, dialog_, one.digit, one.duration); },
          [&](const peer_event::reattached& one) {
            if (talking_device_->device() != one.device->device()) return;
            talking_device_ = one.device;
            facts_.credential_generation = one.device->credential_generation();
            talking_device_->resume_taken(facts_.overlay_call, facts_.caller);
          },
          [&](const peer_event::restarted& one) { restart_overlay(one); },
          [&](const operator_hang_up& one) { hang_up(party::gateway, one.reason, one.text, 31); },
          [&](const media_message& message) {
            if (const auto* failed = std::get_if<media_event::overlay_failed>(&message))
              hang_up(party::gateway, "media_refused",
                      "No secure media path to your device came up (" + failed->why + ").", 47);
            if (const auto* digit = std::get_if<media_event::digit>(&message);
                digit && digit->from == media::side::overlay && trunk_->dtmf == pstn::trunk::dtmf_mode::info)
              send_digit(*trunk_, dialog_, digit->digit, digit->duration);
            if (std::holds_alternative<media_event::silent>(message))
              hang_up(party::gateway, "media_lost", "One side of the call fell silent for too long.", 27);
          },
          [](const auto&) {},  // nothing of the ringing matters any more
      },
      event);
}

void inbound_call::on_talking_sip(const sip::event& event) {
  std::visit(overloaded{
                 [&](const sip::bye_received& one) {
                   environment_.sip.confirm_bye(dialog_);
                   end(party::caller, "normal", "The other side hung up.", 200, one.q850.value_or(16));
                 },
                 [&](const sip::acknowledged& one) {
                   if (!take_acknowledgement(one)) end(party::gateway, "no_common_codec", no_media, 488, 65);
                 },
                 [&](const sip::reinvite& one) { answer_reinvite(*trunk_, one); },
                 [&](const sip::info_dtmf& one) {
                   media_->send_digits(media::side::overlay, std::string(1, one.digit), one.duration);
                 },
                 [&](const sip::ended&) {
                   end(party::caller, "network_failure", "The telephone side was cut off.", 200, 41);
                 },
                 [&](const sip::cancelled&) { cancel_answered(); }, [](const auto&) {},  // of outbound calls
             },
             event);
}

void inbound_call::restart_overlay(const peer_event::restarted& restart) {
  const auto renewed = media_->restart_overlay(talking_index_, restart.description.ice);
  const auto answer = answer_overlay(restart.description, own_endpoint(), renewed.ice, overlay_ssrc_, cname_);
  restart.device->send_restart(facts_.overlay_call, to_string(answer));
}

void inbound_call::end(party by, std::string reason, std::string text, int sip_code, int q850) {
  if (ending_) return;
  ending_ = ending{by, std::move(reason), std::move(text), sip_code, q850};
  talk_ended_ = environment_.time.steady();
}

}  // namespace tollgate::gateway::call
