// SPDX-License-Identifier: Apache-2.0
// The calls of one attached connection, as either end keeps them: signs what goes out, verifies what comes
// in, and ties each answer to its offer. Free of IO; the time is an argument. For the sources of this room
// only.
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <string>
#include <unordered_map>

#include "gateway/overlay/call_token.hpp"
#include "gateway/overlay/frame.hpp"
#include "gateway/overlay/webrtc_description.hpp"

namespace tollgate::gateway::overlay {

struct exchange_end {
  std::string name;  // of the subscriber or of the node
  public_key key;
};

struct verified_description {
  std::string sdp;
  webrtc_description description;
};

class call_exchange {
 public:
  call_exchange(private_key own, std::string own_name, exchange_end other, std::size_t calls_max);

  // Frames with body {sdp, token}. `type` is "offer" or "restart" (an offer within a call), and "ring",
  // "answer" or "restart" for answers. Errors: description_malformed, description_unsupported,
  // token_wrong_call (the call exists already, does not exist, has no offer to answer), queue_full.
  boost::system::result<frame> make_offer(const std::string& call, const std::string& origin,
                                          const std::string& destination, const std::string& sdp,
                                          wall_time now);
  boost::system::result<frame> make_restart(const std::string& call, const std::string& sdp, wall_time now);
  boost::system::result<frame> make_answer(const std::string& type, const std::string& call,
                                           const std::string& sdp, wall_time now);

  // Verifies the description and token of a frame. `origin` and `destination` are what they must be. Errors:
  // those of parse_webrtc_description and verify_call_token, frame_malformed, token_wrong_call, queue_full.
  boost::system::result<verified_description> take_offer(const frame& from, const std::string& origin,
                                                         const std::string& destination, wall_time now,
                                                         replay_cache& seen);
  boost::system::result<verified_description> take_restart(const frame& from, wall_time now,
                                                           replay_cache& seen);
  boost::system::result<verified_description> take_answer(const frame& from, wall_time now,
                                                          replay_cache& seen);

  // A call that another exchange of the same ends began, and both have answered: it can be restarted here. Or
  // their offer has had no answer yet: that can be made here, to the token id that the other one's
  // unanswered_offer gives.
  void resume(const std::string& call, const std::string& origin, const std::string& destination,
              bool begun_here, const std::string& offer = {});
  std::string unanswered_offer(const std::string& call) const;

  bool knows(const std::string& call) const { return calls_.contains(call); }
  // Whether our last description of this call is an offer that waits for its answer.
  bool awaits_answer(const std::string& call) const;
  void forget(const std::string& call) { calls_.erase(call); }
  // Counts one trickle; false past the limit or for an unknown call.
  bool allow_trickle(const std::string& call, std::size_t limit);
  std::size_t offers_taken() const noexcept;  // live calls that the other end began

 private:
  struct call_state {
    std::string origin;
    std::string destination;
    std::string offer_sent = {};   // jti of our offer that is not answered yet
    std::string offer_taken = {};  // jti of theirs that is not answered yet
    bool begun_here = false;
    std::size_t trickles = 0;
  };
  call_claims claims(const std::string& call, const call_state& state, call_role role,
                     const std::string& audience) const;
  boost::system::result<frame> make(const std::string& type, const call_claims& content, wall_time now,
                                    std::string& token_id) const;
  boost::system::result<verified_description> take(const frame& from, call_claims expected, wall_time now,
                                                   replay_cache& seen, std::string& token_id) const;

  private_key own_;
  std::string own_name_;
  exchange_end other_;
  std::size_t calls_max_;
  std::unordered_map<std::string, call_state> calls_;
};

}  // namespace tollgate::gateway::overlay
