// SPDX-License-Identifier: Apache-2.0
// The peer's ICE agent (RFC 8445, full, controlling) over libnice: one stream, one component (rtcp-mux).
// libnice lives on the GLib thread; what happens is posted to the executor given, and nothing arrives after
// destruction.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tollgate::gateway::peer {

class glib_thread;

/// What the offer says of our end (RFC 8839): credentials and candidates, the latter as the values of
/// a=candidate
/// ("candidate:1 1 UDP ..." without "a=").
struct ice_description {
  std::string username_fragment;
  std::string password;
  std::vector<std::string> candidates;
};

struct ice_options {
  bool include_loopback = false;  ///< gather 127.0.0.1 too, for a gateway on this machine
};

/// All are called on the executor, on a live agent only.
struct ice_events {
  std::function<void(ice_description)> gathered;  ///< once; the candidate list may be empty
  std::function<void()> connected;                ///< once, when a pair works: send() may begin
  std::function<void()> failed;                   ///< no pair works, or consent was lost (RFC 7675)
  std::function<void(std::span<const std::byte>)> received;  ///< one datagram that is not STUN
};

class ice_agent {
 public:
  /// `glib` must outlive the agent. Gathering begins at once.
  ice_agent(glib_thread& glib, boost::asio::any_io_executor executor, ice_options options, ice_events events);
  ~ice_agent();
  ice_agent(const ice_agent&) = delete;
  ice_agent& operator=(const ice_agent&) = delete;

  /// The far end's description; checks begin. Candidates that do not parse are passed over.
  void set_remote(ice_description remote);

  /// Sends one datagram by the selected pair; dropped while there is none.
  void send(std::span<const std::byte> datagram);

 private:
  struct sink;    // the executor's side
  struct engine;  // libnice's side
  std::shared_ptr<sink> sink_;
  std::shared_ptr<engine> engine_;
  glib_thread& glib_;
};

}  // namespace tollgate::gateway::peer
