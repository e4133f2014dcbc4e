// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/call_machine.hpp"

#include <algorithm>

namespace tollgate::gateway::call {

using std::chrono::milliseconds;

call_machine::call_machine(settings s, credit_clock clock, std::size_t route_length)
    : settings_(s), credit_(std::move(clock)), route_length_(route_length) {}

call_actions call_machine::start(time_point now) {
  ringing_deadline_ = now + settings_.ringing;
  return next_trunk(now);
}

call_actions call_machine::next_trunk(time_point now) {
  if (tried_ == route_length_) {
    exhausted_ = true;
    if (tried_ == 0) last_failure_ = pstn::trunk::classify(503, std::nullopt);
    return end(failed(), false, now);
  }
  state_ = state::trying;
  provisional_seen_ = false;
  const std::size_t index = tried_++;
  attempt_deadline_ = tried_ < route_length_ ? now + settings_.progress : time_point::max();
  return {action::invite_trunk{index}};
}

call_actions call_machine::on_trunk_skipped(time_point now) {
  if (state_ != state::trying) return {};
  constexpr int no_circuit = 34;  // ITU-T Q.850
  if (last_status_ == 0) last_failure_ = pstn::trunk::classify(503, no_circuit);
  return next_trunk(now);
}

call_actions call_machine::on_provisional(int status, bool has_media, time_point) {
  if (state_ != state::trying && state_ != state::ringing) return {};
  provisional_seen_ = true;
  if (status == 100) return {};
  const bool first = state_ == state::trying;
  state_ = state::ringing;
  if (!first && !has_media) return {};
  return {action::tell_ringing{has_media}};
}

call_actions call_machine::on_answered(time_point now) {
  if (state_ != state::trying && state_ != state::ringing) return {};
  state_ = state::talking;
  answered_at_ = now;
  credit_.answered(now);
  return {action::connect{}};
}

call_actions call_machine::on_trunk_failed(int sip_status, std::optional<int> q850, time_point now,
                                           std::span<const int> failover_codes) {
  if (state_ != state::trying && state_ != state::ringing) return {};
  last_status_ = sip_status;
  const bool rang = state_ == state::ringing;
  if (sip_status == 408 && rang) q850 = 19;  // nobody answered, no trunk's fault
  last_failure_ = pstn::trunk::classify(sip_status, q850, failover_codes);
  // It had reached the telephone: another trunk would only make it ring again.
  if (rang && (sip_status == 408 || sip_status == 480)) last_failure_.retry_next_trunk = false;
  const bool retry = last_failure_.retry_next_trunk || settings_.try_all;
  if (retry && tried_ < route_length_) return next_trunk(now);
  exhausted_ = retry;
  return end(failed(), false, now);
}

call_actions call_machine::on_unusable_answer(time_point now) {
  if (state_ != state::trying && state_ != state::ringing) return {};
  last_status_ = 488;
  last_failure_ = pstn::trunk::classify(488, std::nullopt);
  if (settings_.try_all && tried_ < route_length_) return next_trunk(now);
  return end(failed(), false, now);
}

ending call_machine::failed() const {
  return {party::callee, std::string(code(last_failure_.reason)), std::string(sentence(last_failure_.reason)),
          last_status_, last_failure_.q850};
}

call_actions call_machine::on_trunk_hung_up(int q850, time_point now) {
  if (state_ != state::talking) return {};
  return end({party::callee, "normal", "The other side hung up.", 200, q850}, false, now);
}

call_actions call_machine::on_caller_hung_up(time_point now) {
  if (state_ == state::ended) return {};
  const bool answered = state_ == state::talking;
  return end({party::caller, answered ? "normal" : "cancelled",
              answered ? "You hung up." : "You gave up before an answer.", answered ? 200 : 487, 16},
             true, now);
}

call_actions call_machine::on_gateway_ends(std::string reason, std::string text, int q850, time_point now) {
  if (state_ == state::ended) return {};
  return end({party::gateway, std::move(reason), std::move(text), state_ == state::talking ? 200 : 487, q850},
             true, now);
}

call_actions call_machine::on_extended(billing::money total, bool final, time_point now) {
  if (state_ != state::talking) return {};
  if (credit_.granted(total, final, now)) return {action::relieve{credit_.left(now)}};
  return {};
}

call_actions call_machine::on_credit_grew(time_point now) {
  if (state_ != state::ended) credit_.credit_grew(now);
  return {};
}

call_actions call_machine::on_extension_failed(time_point now) {
  if (state_ == state::talking) credit_.extension_failed(now);
  return {};
}

call_actions call_machine::on_hold_lost(time_point now) {
  return on_gateway_ends("hold_lost", "The call's credit reservation was ended by the operator.", 31, now);
}

call_actions call_machine::on_time(time_point now) {
  if (state_ == state::trying && !provisional_seen_ && now >= attempt_deadline_ && now < ringing_deadline_) {
    last_status_ = 408;
    last_failure_ = pstn::trunk::classify(408, std::nullopt);
    call_actions actions{action::drop_trunk{102}};
    const auto next = next_trunk(now);
    actions.insert(actions.end(), next.begin(), next.end());
    return actions;
  }
  if ((state_ == state::trying || state_ == state::ringing) && now >= ringing_deadline_)
    return end({party::gateway, "no_answer", "Nobody answered.", 480, 19}, true, now);
  if (state_ != state::talking) return {};
  const auto due = credit_.next();
  if (now < due.at) return {};
  switch (due.what) {
    case credit_clock::step::extend: {
      credit_.extension_asked(now);
      return {action::extend{++requests_, credit_.used(now), credit_.extension_amount(now)}};
    }
    case credit_clock::step::warn: {
      const auto left = credit_.left(now);
      credit_.warned(now);
      return {action::warn{left}};
    }
    case credit_clock::step::cut:
      break;
  }
  if (credit_.limited_by_credit())
    return end({party::gateway, "credit_exhausted", "Your credit is used up.", 200, 31}, true, due.at);
  return end({party::gateway, "longest_duration", "The longest duration of a call was reached.", 200, 31},
             true, due.at);
}

call_actions call_machine::end(ending e, bool drop, time_point now) {
  const bool trunk_in_use = state_ != state::idle && tried_ > 0;
  state_ = state::ended;
  ended_at_ = now;
  ending_ = std::move(e);
  call_actions actions;
  if (drop && trunk_in_use) actions.push_back(action::drop_trunk{ending_.q850});
  actions.push_back(action::finish{});
  return actions;
}

std::optional<call_machine::time_point> call_machine::next_deadline() const {
  switch (state_) {
    case state::idle:
    case state::ended:
      return std::nullopt;
    case state::trying:
      return provisional_seen_ ? ringing_deadline_ : std::min(attempt_deadline_, ringing_deadline_);
    case state::ringing:
      return ringing_deadline_;
    case state::talking:
      return credit_.next().at;
  }
  return std::nullopt;
}

milliseconds call_machine::talk_duration() const {
  if (answered_at_ == time_point{} || state_ != state::ended) return milliseconds(0);
  const auto talked = std::max(ended_at_, answered_at_) - answered_at_;
  const bool is_shortest = talked > time_point::duration(0) && talked < milliseconds(1);  // was answered, so it is charged
  return is_shortest ? milliseconds(1) : std::chrono::duration_cast<milliseconds>(talked);
}

}  // namespace tollgate::gateway::call
