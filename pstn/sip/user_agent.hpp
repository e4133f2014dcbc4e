// SPDX-License-Identifier: Apache-2.0
// The SIP user agent (RFC 3261, 3262, 3311, 3326, 4028) on a thread of its own: commands from any thread,
// keyed by call; events from its thread. SDP passes through as text.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/sip/digest.hpp"
#include "pstn/sip/events.hpp"

namespace tollgate::pstn::sip {

/// Where a request came from.
struct source_address {
  std::string ip;
  std::uint16_t port = 0;
};

/// A SIP message as it passed a transport, with its secrets.
struct seen_message {
  bool sent = false;      ///< by us
  std::string transport;  ///< "udp", "tcp", "tls"
  source_address remote;  ///< the other end
  std::string text;       ///< line ends are CRLF, whatever they were; cut at a NUL
};

/// Of those who are not trusted: requests that belong to no call, and connections.
struct stranger_figures {
  std::uint64_t answered = 0;         ///< refused
  std::uint64_t dropped = 0;          ///< not even that: they were too many
  std::uint64_t connections_cut = 0;  ///< TCP and TLS: there were too many, or nothing came
};

/// How many connections by TCP and TLS those may have who are not trusted, and how long one may be silent.
struct connection_bounds {
  std::size_t most = 256;            ///< in all; one more is closed at once
  std::size_t most_per_source = 16;  ///< of one IPv4 address, or of the 64 bits before an IPv6 one
  /// Without a whole message it is cut. RFC 3261 §17.1.1.2: 64·T1, after which no answer is waited for.
  std::chrono::seconds idle{32};
};

struct user_agent_options {
  std::string address = "127.0.0.1";  ///< local IP address to listen on
  std::uint16_t port = 5060;          ///< UDP and TCP
  bool udp = true;
  bool tcp = true;
  std::string advertised_address;  ///< in Via and Contact; empty: `address`
  std::string address6;  ///< IPv6, beside an IPv4 `address`: what goes to an IPv6 literal leaves from it, on
                         ///< the same ports; empty: there is one address
  std::string advertised_address6;  ///< as for `address`
  std::string name = "Tollgate";    ///< User-Agent and Server
  std::string realm;  ///< of the challenges to callers; empty: `advertised_address`, or `address`
  /// Of those challenges, the preferred first (RFC 8760); some far ends look at the first alone.
  std::vector<digest_algorithm> challenge_algorithms{digest_algorithm::sha_256, digest_algorithm::md5};
  std::chrono::seconds session_timer{1800};  ///< Session-Expires (RFC 4028); 0: none asked for
  std::chrono::seconds session_interval_least{90};  ///< Min-SE; RFC 4028 §5: never less where calls are real
  std::chrono::seconds registration_pause{
      30};  ///< after a failed REGISTER, doubled by each (RFC 5626 §4.5: base-time)
  std::chrono::milliseconds provisional_timeout{
      4000};                                  ///< no answer at all to an INVITE or OPTIONS: failed with 408
  std::chrono::seconds answer_timeout{180};   ///< no final answer to an INVITE: CANCEL and failed with 408
  std::chrono::seconds bye_confirmation{20};  ///< a BYE not confirmed by then is answered by itself
  std::chrono::milliseconds farewell_timeout{
      5000};                                 ///< after hang_up, `ended` waits no longer for the far end
  std::chrono::seconds shutdown_timeout{5};  ///< stop() waits no longer for the far ends
  std::size_t most_calls = 4000;             ///< further INVITEs are answered 503
  std::size_t strangers_per_second = 20;     ///< requests of strangers that are answered; others are dropped
  connection_bounds stranger_connections;
  std::uint16_t tls_port = 0;                                  ///< 0: no TLS listener. For known peers only
  std::string certificate_directory;                           ///< agent.pem and cafile.pem; empty: no TLS
  std::function<std::chrono::steady_clock::time_point()> now;  ///< needed; on the SIP thread
  std::function<void(std::string_view line)>
      log;  ///< the stack's warnings, without message dumps; on the SIP thread; may be empty
  std::function<void(const seen_message&)> trace;  ///< every message; on the SIP thread; may be empty
};

/// What an INVITE has to show before it is told.
struct admission {
  bool allowed = false;  ///< false: 403
  bool digest = false;   ///< only with the digest of the user that it names (RFC 3261 §22.2)
  std::optional<std::string>
      password{};  ///< of that user; none: there is none of this name, no digest is right
};

/// All members are thread-safe and none blocks, except the constructor (until the ports are bound), stop()
/// and the destructor. A command for an unknown or finished key is a no-op, which settles every race between
/// hang-up and answer.
class user_agent {
 public:
  /// Called on the SIP thread; must not block and must not call stop(). With `address6` there are two such
  /// threads, and this, the admission rule, `now`, `log` and `trace` are called on either, at the same time,
  /// too.
  using event_handler = std::function<void(event)>;
  /// `user` is what an Authorization header claims to be, empty without one.
  using admission_rule = std::function<admission(const source_address&, std::string_view user)>;

  /// Binds the ports and starts the thread. Throws std::runtime_error when that fails, std::invalid_argument
  /// without a clock.
  user_agent(user_agent_options options, event_handler handler);
  ~user_agent();
  user_agent(const user_agent&) = delete;
  user_agent& operator=(const user_agent&) = delete;

  /// A key never given out before, for send_invite, send_options and send_notify.
  call_key next_call_key();

  /// Starts a call: then provisional*, then answered or failed, and `ended` last.
  void send_invite(call_key key, invite request);
  /// 180, 181, 182 or 183 to an incoming INVITE, with early-media SDP unless empty; reliably (RFC 3262) where
  /// the caller requires it.
  void send_progress(call_key key, int status, std::string sdp);
  /// 200 to an incoming INVITE.
  void answer(call_key key, std::string sdp);
  /// A final refusal (300–699) of an incoming INVITE, with Reason: Q.850 when q850 > 0. Followed by `ended`.
  void reject(call_key key, int status, std::string phrase, int q850);
  /// Ends the call by its state: CANCEL, BYE, 480, or 200 to a waiting BYE. From then on `ended` is the only
  /// event of the key, but for an `answered` whose 2xx has crossed the CANCEL: a BYE is on its way after it.
  void hang_up(call_key key, int q850, std::string reason);
  /// 200 to the BYE told by bye_received. Followed by `ended`.
  void confirm_bye(call_key key);
  /// 200 with SDP (the answer, or the offer that is wanted) to the request told by `reinvite`; an empty SDP
  /// refuses it with 488.
  void answer_reinvite(call_key key, std::string sdp);
  /// INFO of type application/dtmf-relay.
  void send_info_dtmf(call_key key, char digit, std::chrono::milliseconds duration);
  /// An OPTIONS outside of any call; `uri` is target and next hop ("sip:192.0.2.1:5060;transport=udp").
  /// options_result follows.
  void send_options(call_key key, std::string uri);

  /// A NOTIFY outside of any dialog, to a user agent that was configured to get it without a subscription
  /// (RFC 3842 §3.1 has them subscribe; most telephones take it as well). notify_result follows.
  void send_notify(call_key key, std::string uri, notice what);

  /// Registers and keeps registered until stop_registration or the end; registration_result tells how it
  /// goes.
  void start_registration(call_key key, registration_request request);
  /// Removes it at the carrier. Nothing more is told of the key.
  void stop_registration(call_key key);

  /// While draining, new INVITE and OPTIONS requests are answered 503 with Retry-After; live calls go on.
  void set_draining(bool draining);
  /// Whose INVITEs are taken: strangers' are answered 403, those without the digest that is asked for 401 (or
  /// 403, when it is wrong), both without an event. Nobody's before this is called. The rule runs on the SIP
  /// thread.
  void set_admission(admission_rule rule);

  stranger_figures strangers() const;

  /// Whether its threads do their work: a question to each that has waited for longer than `patience` means no. It asks anew with each
  /// call, so that it tells what was so at the one before. For one thread; false after stop().
  bool responds(std::chrono::milliseconds patience);

  /// BYE, CANCEL or 503 to every call, `ended` for each, then the thread ends; at most shutdown_timeout
  /// later. Idempotent; the destructor does it too.
  void stop();

 private:
  class implementation;
  std::unique_ptr<implementation> implementation_;
};

}  // namespace tollgate::pstn::sip
