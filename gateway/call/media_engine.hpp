// SPDX-License-Identifier: Apache-2.0
// The media worker: a thread with the one UDP port of all overlay calls and a port pair for every trunk call.
// Calls are opened and steered from the signalling thread; packets never leave the worker.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/system/result.hpp>
#include <functional>
#include <memory>
#include <string>

#include "gateway/call/clocks.hpp"
#include "gateway/call/media_session.hpp"

namespace tollgate::gateway::call {

struct media_options {
  std::string address = "0.0.0.0";  // local IP address of all media sockets
  std::uint16_t overlay_port = 0;   // 0: a free one
  std::uint16_t trunk_port_low = 20000;
  std::uint16_t trunk_port_high = 29999;
  std::chrono::seconds silence_timeout{30};
};

class media_engine {
 public:
  // Binds the overlay port and starts the worker. Events are posted to `signalling`. Throws
  // boost::system::system_error.
  media_engine(media_options options, clocks c, overlay::dtls_context certificate,
               boost::asio::any_io_executor signalling);
  // Ends the worker; sessions that are still open are closed.
  ~media_engine();
  media_engine(const media_engine&) = delete;
  media_engine& operator=(const media_engine&) = delete;

  // A call's media. `tell` is called on the signalling thread, never after the session was closed.
  std::shared_ptr<media_session> open(std::function<void(media_message)> tell);

  std::uint16_t overlay_port() const;
  const overlay::fingerprint& fingerprint() const;

 private:
  std::shared_ptr<media_worker> worker_;
};

}  // namespace tollgate::gateway::call
