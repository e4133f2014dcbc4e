// SPDX-License-Identifier: Apache-2.0
// The media workers: threads, each with one UDP port for its overlay calls and a port pair for every trunk
// call. Calls are opened and steered from the signalling thread; packets never leave their worker.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/system/result.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/call/clocks.hpp"
#include "gateway/call/load_policy.hpp"
#include "gateway/call/media_counters.hpp"
#include "gateway/call/media_session.hpp"

namespace tollgate::gateway::call {

struct media_options {
  std::string address = "0.0.0.0";  // local IP address of all media sockets
  std::string address6;             // IPv6 beside it, of sockets towards trunks; empty: none
  std::uint16_t overlay_port = 0;  // of the first worker, the others take the ports that follow; 0: free ones
  std::size_t workers = 0;         // 0: one per core
  std::uint16_t trunk_port_low = 20000;
  std::uint16_t trunk_port_high = 29999;
  bool ice_tcp = true;    // TCP on the overlay ports, too
  bool shed_load = true;  // by load_policy; false: complexity stays, no call is refused
  load_limits load;
  std::chrono::seconds silence_timeout{30};
};

// For operators: what the workers do and what they have refused.
struct media_figures {
  struct worker {
    load_level level;
    double cpu_share;  // of a core, in the latest half second
    std::size_t sessions;
  };
  struct side_figures {
    std::uint64_t received = 0;  // packets, refused ones included where they reached the call
    std::uint64_t sent = 0;
    std::array<std::uint64_t, bad_packet_kinds> refused{};  // by bad_packet
  };
  std::vector<worker> workers;
  side_figures overlay, trunk;
  std::uint64_t calls_refused = 0;  // for overload
};

// What is taken although every worker is overloaded: an emergency.
enum class urgency : std::uint8_t { ordinary, emergency };

class media_engine {
 public:
  // Binds the overlay ports and starts the workers. Events are posted to `signalling`. Throws
  // boost::system::system_error, with the port that cannot be bound.
  media_engine(media_options options, clocks c, overlay::dtls_context certificate,
               boost::asio::any_io_executor signalling);
  // Ends the workers; sessions that are still open are closed.
  ~media_engine();
  media_engine(const media_engine&) = delete;
  media_engine& operator=(const media_engine&) = delete;

  // A call's media, on the least loaded worker that has room, for as long as it lives. `tell` is called on
  // the signalling thread, never after the session was closed. Signalling thread only. nullptr when every
  // worker is overloaded and the call is no emergency.
  std::shared_ptr<media_session> open(std::function<void(media_message)> tell,
                                      urgency of = urgency::ordinary);
  // Whether a call may begin now; a refusal is counted. Asked before anything is done for the call.
  bool admit();

  std::size_t workers() const { return workers_.size(); }
  media_figures figures() const;  // now
  // Of the first worker, for the log: a call's own is media_session::overlay_port().
  std::uint16_t first_overlay_port() const;
  const overlay::fingerprint& fingerprint() const;
  bool takes_tcp() const;  // ICE-TCP on the overlay ports

 private:
  std::vector<std::shared_ptr<media_worker>> workers_;
  std::uint64_t refused_ = 0;
};

}  // namespace tollgate::gateway::call
