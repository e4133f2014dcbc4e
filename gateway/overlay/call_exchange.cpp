// SPDX-License-Identifier: Apache-2.0
// Offers and answers with their tokens.
#include "gateway/overlay/call_exchange.hpp"

#include <algorithm>
#include <utility>

namespace tollgate::gateway::overlay {

call_exchange::call_exchange(private_key own, std::string own_name, exchange_end other, std::size_t calls_max)
    : own_(std::move(own)), own_name_(std::move(own_name)), other_(std::move(other)), calls_max_(calls_max) {}

call_claims call_exchange::claims(const std::string& call, const call_state& state, call_role role,
                                  const std::string& audience) const {
  return {.call = call,
          .role = role,
          .origin = state.origin,
          .destination = state.destination,
          .audience = audience};
}

boost::system::result<frame> call_exchange::make(const std::string& type, const call_claims& content,
                                                 wall_time now, std::string& token_id) const {
  const auto description = parse_webrtc_description(content.sdp);
  if (!description) return description.error();
  auto signing = content;
  signing.certificate = description->certificate;
  auto token = sign_call_token(own_, signing, now);
  token_id = std::move(token.token_id);
  frame result{.type = type, .call = content.call};
  result.body = {{"sdp", content.sdp}, {"token", token.token}};
  return result;
}

boost::system::result<frame> call_exchange::make_offer(const std::string& call, const std::string& origin,
                                                       const std::string& destination, const std::string& sdp,
                                                       wall_time now) {
  if (!is_call_id(call) || calls_.contains(call)) return overlay_error::token_wrong_call;
  if (calls_.size() >= calls_max_) return overlay_error::queue_full;
  call_state state{.origin = origin, .destination = destination, .begun_here = true};
  auto content = claims(call, state, call_role::offer, other_.name);
  content.sdp = sdp;
  auto result = make("offer", content, now, state.offer_sent);
  if (result) {
    result->to = destination;
    calls_.emplace(call, std::move(state));
  }
  return result;
}

boost::system::result<frame> call_exchange::make_restart(const std::string& call, const std::string& sdp,
                                                         wall_time now) {
  const auto found = calls_.find(call);
  if (found == calls_.end()) return overlay_error::token_wrong_call;
  auto content = claims(call, found->second, call_role::offer, other_.name);
  content.sdp = sdp;
  return make("restart", content, now, found->second.offer_sent);
}

boost::system::result<frame> call_exchange::make_answer(const std::string& type, const std::string& call,
                                                        const std::string& sdp, wall_time now) {
  const auto found = calls_.find(call);
  if (found == calls_.end() || found->second.offer_taken.empty()) return overlay_error::token_wrong_call;
  auto content = claims(call, found->second, call_role::answer, other_.name);
  content.offer_token_id = found->second.offer_taken;
  content.sdp = sdp;
  std::string token_id;
  auto result = make(type, content, now, token_id);
  if (result) found->second.offer_taken.clear();
  return result;
}

boost::system::result<verified_description> call_exchange::take(const frame& from, call_claims expected,
                                                                wall_time now, replay_cache& seen,
                                                                std::string& token_id) const {
  const auto sdp = find_text(from.body, "sdp");
  const auto token = find_text(from.body, "token");
  if (!sdp || !token) return overlay_error::frame_malformed;
  auto description = parse_webrtc_description(*sdp);
  if (!description) return description.error();
  expected.sdp = *sdp;
  expected.certificate = description->certificate;
  auto verified = verify_call_token(*token, other_.key, expected, now, seen);
  if (!verified) return verified.error();
  token_id = std::move(*verified);
  return verified_description{std::move(expected.sdp), std::move(*description)};
}

boost::system::result<verified_description> call_exchange::take_offer(const frame& from,
                                                                      const std::string& origin,
                                                                      const std::string& destination,
                                                                      wall_time now, replay_cache& seen) {
  if (from.call.empty() || calls_.contains(from.call)) return overlay_error::token_wrong_call;
  if (calls_.size() >= calls_max_) return overlay_error::queue_full;
  call_state state{.origin = origin, .destination = destination};
  auto result =
      take(from, claims(from.call, state, call_role::offer, own_name_), now, seen, state.offer_taken);
  if (result) calls_.emplace(from.call, std::move(state));
  return result;
}

boost::system::result<verified_description> call_exchange::take_restart(const frame& from, wall_time now,
                                                                        replay_cache& seen) {
  const auto found = calls_.find(from.call);
  if (found == calls_.end()) return overlay_error::token_wrong_call;
  return take(from, claims(from.call, found->second, call_role::offer, own_name_), now, seen,
              found->second.offer_taken);
}

boost::system::result<verified_description> call_exchange::take_answer(const frame& from, wall_time now,
                                                                       replay_cache& seen) {
  const auto found = calls_.find(from.call);
  if (found == calls_.end()) return overlay_error::token_wrong_call;
  if (found->second.offer_sent.empty()) return overlay_error::token_wrong_offer;
  auto expected = claims(from.call, found->second, call_role::answer, own_name_);
  expected.offer_token_id = found->second.offer_sent;
  std::string token_id;
  auto result = take(from, std::move(expected), now, seen, token_id);
  if (result) found->second.offer_sent.clear();
  return result;
}

void call_exchange::resume(const std::string& call, const std::string& origin, const std::string& destination,
                           bool begun_here, const std::string& offer) {
  if (calls_.size() >= calls_max_) return;
  calls_.try_emplace(
      call,
      call_state{
          .origin = origin, .destination = destination, .offer_taken = offer, .begun_here = begun_here});
}

std::string call_exchange::unanswered_offer(const std::string& call) const {
  const auto found = calls_.find(call);
  return found == calls_.end() ? std::string() : found->second.offer_taken;
}

bool call_exchange::awaits_answer(const std::string& call) const {
  const auto found = calls_.find(call);
  return found != calls_.end() && !found->second.offer_sent.empty();
}

bool call_exchange::allow_trickle(const std::string& call, std::size_t limit) {
  const auto found = calls_.find(call);
  return found != calls_.end() && found->second.trickles++ < limit;
}

std::size_t call_exchange::offers_taken() const noexcept {
  return static_cast<std::size_t>(std::count_if(calls_.begin(), calls_.end(),
                                                [](const auto& entry) { return !entry.second.begun_here; }));
}

}  // namespace tollgate::gateway::overlay
