// SPDX-License-Identifier: Apache-2.0
// What the gateway sees of an attached device, and what it implements to serve devices. Tokens, credentials,
// limits and frames are dealt with below these two interfaces: whoever stands above sees verified facts only.
// Everything here is called on the signalling executor.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/overlay/error.hpp"
#include "gateway/overlay/webrtc_description.hpp"

namespace tollgate::gateway::overlay {

struct subscriber_identity {
  boost::uuids::uuid account_id{};
  std::string name;
  std::vector<std::string> capabilities = {};  // go into the credential: "call", "voicemail"
  std::int64_t credential_generation = 0;      // of those that are good now; goes into the credential, too
};

// What is dialled and no longer than this may be an emergency number, which the caller's country tells:
// neither a gateway that drains nor a limit of calls at once stands in its way here.
inline constexpr std::size_t longest_emergency = 8;

// An offer whose token was verified: it is from this session's device, for this node, fresh and new.
struct call_offer {
  std::string call;  // uuid text, chosen by the offerer
  std::string to;    // as the subscriber wrote it; the gateway interprets it
  std::string sdp;
  std::string from_name = {};      // display name the device gives itself, at most 64 bytes; may be empty
  webrtc_description description;  // the SDP, read
};

// A verified answer to an offer that was sent with session::send_offer (or send_restart).
struct call_answer {
  std::string call;
  std::string sdp;
  webrtc_description description;
};

// One attached device. Sending never blocks and never fails to the caller: when the connection is gone,
// frames are dropped and session_handler::detached has been or will be called.
class session {
 public:
  virtual ~session() = default;

  virtual const std::string& id() const = 0;  // random, of this connection
  virtual const std::string& name() const = 0;
  virtual const boost::uuids::uuid& account_id() const = 0;
  virtual const std::string& device()
      const = 0;  // thumbprint of the device's key: the same after reconnecting
  virtual const std::string& remote_address() const = 0;  // IP literal, for the log (redacted)
  virtual bool open() const = 0;
  // Of the credential that it attached with.
  virtual std::int64_t credential_generation() const { return 0; }
  virtual std::chrono::system_clock::time_point since() const { return {}; }  // attached
  virtual bool from_browser() const { return false; }  // its WebSocket came with an Origin (RFC 6455 §10.2)

  // A call to the subscriber. `from` is E.164 ("+16505550100") or empty when withheld; `from_verdict` what
  // the telephone network's signature of it amounted to (wire.md §5), empty where nobody looked. Signs the
  // offer.
  virtual void send_offer(const std::string& call, const std::string& from, const std::string& from_name,
                          const std::string& from_verdict, const std::string& sdp) = 0;
  // Progress of the subscriber's call. With an SDP (answer, signed) the peer sets up media now and hears
  // early media or ringback; `extra` goes into the body beside it (price, number, warnings). Send an SDP once
  // per call, in ring or in answer.
  virtual void send_ring(const std::string& call, const std::string& sdp, boost::json::object extra) = 0;
  virtual void send_answer(const std::string& call, const std::string& sdp, boost::json::object extra) = 0;
  // A live call of an earlier connection of this device, which may be restarted from this one now: one that
  // it began, by what it called; one that it took, by who calls (as for send_offer). `offer` is what
  // unanswered_offer of the earlier connection's session says: then the answer goes out on this one.
  virtual void resume_begun(const std::string& call, const std::string& to, const std::string& offer) = 0;
  // The device's offer in this call that has had no SDP yet; empty when it has.
  virtual std::string unanswered_offer(const std::string& call) const = 0;
  virtual void resume_taken(const std::string& call, const std::string& from) = 0;
  // The answer to session_handler::restarted.
  virtual void send_restart(const std::string& call, const std::string& sdp) = 0;
  // Another device took the call.
  virtual void send_taken(const std::string& call) = 0;
  // Ends the call for the device; `summary` is the body's "summary" (duration, price, credit), left out when
  // empty.
  virtual void send_hangup(const std::string& call, const std::string& code, const std::string& text,
                           boost::json::object summary) = 0;
  // Something about a live call that does not end it.
  virtual void send_error(const std::string& call, const std::string& code, const std::string& text) = 0;
  // An `event` frame: body["kind"] is set to `kind`; `call` may be empty.
  virtual void send_event(const std::string& kind, boost::json::object body, const std::string& call) = 0;
  // Says why and closes the connection.
  virtual void close(const std::string& code, const std::string& text) = 0;
};
using session_ptr = std::shared_ptr<session>;

// Implemented by the gateway. Nothing here may throw but what a coroutine's frame allocation throws; a
// coroutine that throws is answered with "internal".
class session_handler {
 public:
  virtual ~session_handler() = default;

  // Checks a pass-phrase. Refusals go to the peer: "wrong_passphrase" counts as a bad log-in, others (such as
  // "locked", "suspended", "unavailable") do not.
  virtual boost::asio::awaitable<answer<subscriber_identity>> log_in(std::string name, std::string passphrase,
                                                                     std::string remote_address) = 0;
  // At attach, with a valid credential: who is it, and may they still?
  virtual boost::asio::awaitable<answer<subscriber_identity>> find(std::string name) = 0;

  virtual void attached(const session_ptr& device) = 0;
  virtual void detached(const session_ptr& device) = 0;  // once for each attached; sending is void by now

  // Live calls: the subscriber's call ids are unchecked texts, so compare the call's account with the
  // session's.
  virtual void offered(const session_ptr& device, const call_offer& offer) = 0;
  virtual void rang(const session_ptr& device, const std::string& call) = 0;
  virtual void answered(const session_ptr& device, const call_answer& answer) = 0;
  virtual void trickled(const session_ptr& device, const std::string& call,
                        const std::vector<ice_candidate>& candidates) = 0;
  // An ICE restart: the device's new description of a live call; answer by session::send_restart.
  virtual void restarted(const session_ptr& device, const call_offer& offer) = 0;
  virtual void digit(const session_ptr& device, const std::string& call, char digit,
                     std::chrono::milliseconds duration) = 0;
  virtual void hung_up(const session_ptr& device, const std::string& call, const std::string& code) = 0;

  // Everything else that wants a reply: type "balance", "rate", "calls", "voicemail", "search", … An unknown
  // type is refused with "unknown_type". The reply's body is the value.
  virtual boost::asio::awaitable<answer<boost::json::object>> request(session_ptr device, std::string type,
                                                                      boost::json::object body) = 0;
};

}  // namespace tollgate::gateway::overlay
