// SPDX-License-Identifier: Apache-2.0
// A peer's end of the signalling: connects, logs in, attaches, places and takes calls, asks. Verifies the
// gateway's credential and every call token; signs the peer's own.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/overlay/credential.hpp"
#include "gateway/overlay/error.hpp"
#include "gateway/overlay/key.hpp"
#include "gateway/overlay/webrtc_description.hpp"

namespace tollgate::gateway::overlay {

// What a device keeps between runs: its key and its credential. Secret: a file of mode 0600.
struct device_identity {
  std::string name;
  private_key device;
  std::string credential;  // JWS, for 24 hours
  wall_time expires_at;
  public_key authority;  // pinned at log-in
};
boost::json::object to_json(const device_identity& identity);
// Errors: token_malformed, key_malformed.
boost::system::result<device_identity> device_identity_from_json(const boost::json::object& json);

struct incoming_call {
  std::string call;
  std::string from;          // E.164, or empty when withheld
  std::string from_name;     // may be empty
  std::string from_verdict;  // "verified_a", "failed_stale", "none", … (wire.md §5); empty: nobody looked
  std::string sdp;
  webrtc_description description;
};

// `ring` and `answer` from the gateway. The description is there when the frame carried a (verified) SDP.
struct call_progress {
  std::string call;
  std::string sdp = {};
  std::optional<webrtc_description> description = {};
  boost::json::object body = {};  // the frame's body: number, price, … (wire.md)
};

struct call_end {
  std::string call;
  std::string code;
  std::string text;
  boost::json::object summary = {};  // duration_ms, billed_s, charged_micros, balance_micros, currency, …
};

// Implemented by the peer; called on the client's executor, never from inside a call of the client.
class client_handler {
 public:
  virtual ~client_handler() = default;
  virtual void offered(const incoming_call& call) = 0;
  virtual void rang(const call_progress& progress) = 0;
  virtual void answered(const call_progress& progress) = 0;
  virtual void restarted(const call_progress& progress) = 0;
  virtual void taken(const std::string& call) = 0;
  // The end of a call, also of a refused offer. A call whose token does not verify ends here too.
  virtual void hung_up(const call_end& end) = 0;
  virtual void trickled(const std::string& call, const std::vector<ice_candidate>& candidates) = 0;
  // An `event` frame; `call` may be empty.
  virtual void happened(const std::string& kind, const std::string& call,
                        const boost::json::object& body) = 0;
  // An `error` frame about a live call, which goes on.
  virtual void complained(const std::string& call, const refusal& error) = 0;
  // The connection is gone, not by close(); nothing is called afterwards until the next connect().
  virtual void disconnected(const refusal& reason) = 0;
};

struct client_options {
  std::string authority_pem =
      {};  // TLS: the certificates to trust (the gateway's ca file); empty: the system's
  std::chrono::seconds connect_deadline{10};
  std::chrono::seconds request_deadline{15};
  std::function<wall_time()> wall_clock = {};  // required
};

// One connection at a time; after disconnected() connect() may be called again.
class client {
 public:
  // `executor` runs on one thread (or a strand). `handler` outlives the client.
  client(boost::asio::any_io_executor executor, client_options options, client_handler& handler);
  ~client();  // drops the connection; the handler is not called any more
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  // "wss://host[:port][/]", port 443 unless given. Waits for `hello`. Refusals: address_invalid,
  // connection_failed, tls_failed, deadline_passed, protocol_violated, or the gateway's ("draining").
  boost::asio::awaitable<answer<void>> connect(std::string url);
  const std::string& node() const noexcept;  // name of the gateway's node, from `hello`

  // Shows pass-phrase and device key, gets a credential. Refusals: the gateway's ("wrong_passphrase",
  // "locked", "rate_limited", …).
  boost::asio::awaitable<answer<device_identity>> log_in(std::string name, std::string passphrase,
                                                         private_key device);
  // Proves who one is, and checks the node's credential against the pinned authority. Afterwards calls come.
  // Refusals: "credential_expired" (log in again), credential_foreign, …
  boost::asio::awaitable<answer<void>> attach(device_identity identity);

  // A request (balance, rate, calls, voicemail, …) and the body of its reply.
  boost::asio::awaitable<answer<boost::json::object>> request(std::string type, boost::json::object body);

  // Each sends one frame; a description that cannot be read is refused and nothing is sent. `call` is
  // make_call_id() of the caller's.
  answer<void> send_offer(const std::string& call, const std::string& to, const std::string& sdp,
                          const std::string& from_name = {});
  answer<void> send_ring(const std::string& call);
  answer<void> send_answer(const std::string& call, const std::string& sdp);
  answer<void> send_trickle(const std::string& call, const std::vector<ice_candidate>& candidates);
  answer<void> send_restart(const std::string& call, const std::string& sdp);
  answer<void> send_digit(const std::string& call, char digit, std::chrono::milliseconds duration);
  // `code`: "normal", "cancelled", "declined", "busy", "failed".
  answer<void> send_hangup(const std::string& call, const std::string& code);

  // Closes and returns when the reader has ended.
  boost::asio::awaitable<void> close();

 private:
  struct implementation;
  std::shared_ptr<implementation> implementation_;
};

}  // namespace tollgate::gateway::overlay
