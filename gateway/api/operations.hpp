// SPDX-License-Identifier: Apache-2.0
// What the REST API asks of the running gateway. Implemented by the composition root; called on the
// signalling io_context, on which the API's server runs as well, so nothing here needs a lock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>

#include "billing/rate.hpp"
#include "gateway/trace/call_trace.hpp"
#include "pstn/number/phone_number.hpp"

namespace tollgate::gateway::api {

using boost::uuids::uuid;

/// A call that has not ended.
struct live_call {
  uuid call_id{};
  uuid account_id{};
  std::string direction;  ///< "out", "in", "voicemail", "forward"
  std::string state;      ///< "starting", "ringing", "talking", "recording", "ending"
  std::string caller, callee;
  std::string trunk;  ///< name; empty if none was chosen yet
  std::chrono::system_clock::time_point started_at;
  std::chrono::milliseconds talk{0};  ///< since the answer
  std::int64_t held_micros = 0;       ///< credit held for it
  std::optional<billing::money> cost{};  ///< by now; none: it is charged to nobody, or has no rate yet
  std::string currency{};                ///< of both; empty: neither is there
  std::optional<std::string> trunk_codec;
  std::string caller_verdict;  ///< of a call in: what its caller's signature amounted to; may be empty
};

/// A device that is attached to this node.
struct attached_device {
  std::string id;      ///< of its connection
  std::string device;  ///< thumbprint of its key (RFC 7638): the same after it has attached again
  bool from_browser = false;
  std::chrono::system_clock::time_point since;
  std::string address;  ///< IP literal
};

/// A trunk as this node sees it.
struct trunk_status {
  uuid trunk_id{};
  std::string name;
  bool up = false;
  int calls = 0;
  std::string detail;        ///< why it is down, or empty
  std::string registration;  ///< "registered", "trying", "refused (403)"; empty: it does not register
  std::vector<std::pair<std::string, bool>>
      targets;               ///< what its name leads to ("udp 192.0.2.1:5060"), and whether that answers
  bool resting = false;      ///< has asked to be left alone
  std::uint64_t attempts = 0, answered = 0;          ///< calls out over it since the start
  std::uint64_t talk_ms = 0;                         ///< of those that have ended
  std::uint64_t delay_ms = 0, delays = 0;            ///< post-dial delays: their sum, and of how many
  std::vector<std::pair<int, std::uint64_t>> codes;  ///< final SIP statuses
  std::uint64_t calls_in = 0, refused_in = 0;        ///< calls in: taken, and refused for want of room
  /// Over the window of routing.quality_window_s, of calls out.
  struct recent_calls {
    int attempts = 0, answered = 0;
    std::optional<double> answer_seizure_ratio;  ///< 0 to 1
    std::optional<std::chrono::milliseconds> average_call_duration, post_dial_delay;
  } recent{};
};

/// A count with what tells it from its neighbours.
struct media_count {
  std::string side;    ///< "overlay" or "trunk"
  std::string reason;  ///< why packets were dropped; empty for packets received or sent
  std::uint64_t count = 0;
};

struct media_worker_status {
  std::string level;     ///< "normal", "reduced", "least" (complexity of Opus 5, 3, 0), "refusing"
  int level_number = 0;  ///< 0 to 3, in that order
  double cpu_share = 0;  ///< of one core, lately
  std::size_t calls = 0;
};

/// What the media workers do.
struct media_status {
  std::vector<media_worker_status> workers;
  std::vector<media_count> received, sent, refused;  ///< packets
  std::uint64_t calls_refused = 0;                   ///< for overload
};

/// What the SIP side sees beside calls.
struct sip_status {
  std::uint64_t strangers_answered = 0, strangers_dropped = 0;  ///< requests of those who are no trunk
  std::uint64_t stranger_connections_cut = 0;                   ///< theirs, by TCP and TLS
  std::size_t traces = 0, trace_bytes = 0;                      ///< of calls, in memory
  std::uint64_t traces_evicted = 0;                             ///< for want of memory
  std::uint64_t emergencies_failed = 0;  ///< calls to emergency numbers that nobody took
};

/// The log of events, as this node knows it.
struct event_status {
  std::int64_t newest = INT64_MAX;                ///< position of the newest one; a reader who has it need not look
  std::size_t waiting = 0;                        ///< not in the database yet
  std::uint64_t dropped = 0;                      ///< for want of memory, while the database was away
  std::uint64_t webhooks_delivered = 0, webhooks_failed = 0;  ///< attempts of this node
};

/// "How would this call be placed?"
struct call_question {
  std::optional<uuid> account_id;  ///< none: somebody in `region` with the default deck
  std::string region;
  std::string number;  ///< as a person dials it
};

/// A trunk as it was looked at for that call.
struct simulated_trunk {
  uuid trunk_id{};
  std::string trunk;  ///< its name
  uuid carrier_id{};
  std::string verdict;  ///< "chosen", or why not (pstn/trunk/router.hpp)
  int prefix_size = 0;  ///< digits of the longest served prefix
  int priority = 0, weight = 1;
  std::optional<billing::cost_rate> cost;
  bool up = true;
  int calls = 0;
  int attempts = 0, answered = 0;  ///< in the window of the quality
  std::optional<std::chrono::milliseconds> post_dial_delay;
  std::vector<std::string> targets;  ///< in the order in which they are tried ("udp 192.0.2.1:5060")
};

struct simulated_call {
  std::string verdict;  ///< "ok", or the code of the refusal
  std::string text;     ///< of a refusal, a sentence
  std::optional<pstn::phone_number> number, caller;
  std::string region, number_type;  ///< of the number
  std::string currency;
  std::optional<billing::rate> price;
  std::chrono::seconds usual_call{0};   ///< by which costs were compared
  std::vector<simulated_trunk> trunks;  ///< the route first, in its order
};

/// The node at a glance.
struct node_status {
  std::string node;
  std::chrono::system_clock::time_point started_at;
  bool draining = false;
  bool stopping = false;          ///< ends after its last call: it cannot be taken back
  std::size_t calls = 0;          ///< live
  std::size_t sessions = 0;       ///< attached overlay sessions
  std::size_t spooled = 0;        ///< settlements that wait for the database
  std::size_t messages_spooled = 0;      ///< voicemail that waits for the database
  std::uint64_t messages_spooled_total = 0, messages_lost = 0, messages_refused = 0;  ///< since start
  std::uint64_t calls_total = 0;  ///< since start
  std::size_t media_workers = 0;
  std::string overlay_address, sip_address;  ///< where they really listen, "127.0.0.1:7443"
};

class operations {
 public:
  virtual ~operations() = default;

  virtual node_status status() = 0;
  virtual media_status media() { return {}; }
  virtual std::vector<live_call> live_calls() = 0;
  virtual std::vector<trunk_status> trunk_statuses() = 0;

  /// Those of the account that are attached here.
  virtual std::vector<attached_device> devices(const uuid& account_id) {
    (void)account_id;
    return {};
  }
  /// Closes one's connection. False: it is not attached here.
  virtual bool disconnect(const uuid& account_id, const std::string& id) {
    (void)account_id, (void)id;
    return false;
  }

  virtual sip_status sip() { return {}; }
  virtual event_status events() { return {}; }
  /// The SIP messages of a call, live here or ended on any node; nothing when none are kept of it.
  virtual boost::asio::awaitable<boost::system::result<std::optional<trace::call_trace>>> find_trace(
      const uuid& call_id) {
    (void)call_id;
    co_return std::nullopt;
  }

  /// Begins to end a call. False: there is no such call on this node.
  virtual bool hang_up(const uuid& call_id) = 0;

  /// Refuses new calls everywhere from now on; live ones go on. Idempotent. With `stop` the process ends
  /// after the last call.
  virtual void drain(bool stop) = 0;
  /// Takes new calls again. False: the node is about to stop.
  virtual bool undrain() { return false; }

  /// What would become of a call, as things are now. Fails as the database does, and with no_account.
  virtual boost::asio::awaitable<boost::system::result<simulated_call>> simulate(call_question question) = 0;

  /// Why this node cannot take calls now ("database", "draining", "overlay", ...); empty: ready.
  virtual std::vector<std::string> not_ready() = 0;

  /// After the commit of a change, so that the node reads it again: done when it has.
  virtual boost::asio::awaitable<void> rates_changed() = 0;
  virtual boost::asio::awaitable<void> trunks_changed() = 0;
  virtual boost::asio::awaitable<void> dial_policy_changed() { co_return; }
  /// Credit, status, settings or numbers of an account.
  virtual void account_changed(const uuid& account_id) = 0;
  /// Its credentials were revoked (subscriber::revoke_credentials): its devices are disconnected and its calls end, here at
  /// once, at other nodes when they hear of it.
  virtual void account_revoked(const uuid& account_id) = 0;
};

}  // namespace tollgate::gateway::api
