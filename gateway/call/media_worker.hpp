// SPDX-License-Identifier: Apache-2.0
// One of the threads behind media_engine: its event loop, the overlay socket of its calls with the two
// look-ups (ufrag, then address; RFC 7983). Calls stay with their worker for life. Everything but the
// constructor, stop() and what is marked runs on the worker's thread.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <string>
#include <thread>
#include <unordered_map>

#include "gateway/call/datagram_reader.hpp"
#include "gateway/call/ice_tcp_listener.hpp"
#include "gateway/call/load_meter.hpp"
#include "gateway/call/media_counters.hpp"
#include "gateway/call/media_engine.hpp"
#include "gateway/call/trunk_ports.hpp"
#include "gateway/overlay/datagram.hpp"

namespace tollgate::gateway::call {

class media_worker : public std::enable_shared_from_this<media_worker> {
 public:
  // `number` counts the workers of the engine from 0: this one's overlay port is that much above the first.
  media_worker(const media_options& options, std::size_t number, clocks c, overlay::dtls_context certificate,
               boost::asio::any_io_executor signalling, std::shared_ptr<trunk_port_range> trunk_range);
  ~media_worker();

  void start();
  void stop();  // joins the thread
  void attach(std::shared_ptr<media_call> call);
  void detach(const std::shared_ptr<media_call>& call);

  void add_device(const std::string& username_fragment, media_call* call, device_index device);
  void remove_device(const std::string& username_fragment, const media_call* call, device_index device);
  // After an ICE restart the device is found by another fragment; the addresses that it has proved stay.
  void renew_device(const std::string& old_fragment, const std::string& new_fragment);
  void send_overlay(std::span<const std::byte> datagram, const overlay::transport_address& to);

  handler_memory& memory() { return memory_; }
  media_counters& counters() { return counters_; }
  // A call's trunk side has media from now on, or no longer.
  void call_talks(bool talks) { talking_.fetch_add(talks ? 1 : -1, std::memory_order_relaxed); }

  // Signalling thread only.
  boost::system::result<trunk_ports> bind_trunk_ports() { return trunk_range_->bind(context_); }
  std::size_t sessions() const { return sessions_; }  // that are open here
  bool has_room() const;                              // for one more
  void session_opened() { ++sessions_; }
  void session_closed() { --sessions_; }

  // Any thread.
  boost::asio::io_context& context() { return context_; }
  const clocks& time() const { return clocks_; }
  const media_options& options() const { return options_; }
  const overlay::dtls_context& certificate() const { return certificate_; }
  const boost::asio::any_io_executor& signalling() const { return signalling_; }
  std::uint16_t overlay_port() const { return overlay_port_; }
  const media_counters& counters() const { return counters_; }
  load_level level() const { return level_.load(std::memory_order_relaxed); }
  double cpu_share() const { return cpu_share_.load(std::memory_order_relaxed); }

 private:
  struct owner {
    media_call* call;
    device_index device;
  };
  void run();
  void watch_load();
  void judge_load();
  void share_turns();
  std::size_t talking() const;  // calls whose trunk has media; any thread
  // False: it belongs to no call.
  bool on_overlay_datagram(std::span<const std::byte> datagram, const overlay::transport_address& source);
  void bind_overlay(std::uint16_t port);
  const owner* find_owner(overlay::datagram_kind kind, std::span<const std::byte> datagram,
                          const overlay::transport_address& source) const;

  media_options options_;
  clocks clocks_;
  overlay::dtls_context certificate_;
  boost::asio::any_io_executor signalling_;
  handler_memory memory_;  // outlives the context, which gives back what it holds
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  media_counters counters_;

  boost::asio::steady_timer load_timer_;
  load_meter meter_;
  load_policy policy_;
  int load_checks_ = 0;
  std::atomic<load_level> level_{load_level::normal};
  std::atomic<double> cpu_share_{0};
  std::atomic<double> share_of_a_call_;
  std::atomic<int> talking_{0};
  std::size_t talking_before_ = 0;  // at the sample before

  udp_socket overlay_socket_;
  std::uint16_t overlay_port_ = 0;
  std::shared_ptr<datagram_reader> overlay_reader_;
  std::shared_ptr<ice_tcp_listener> overlay_streams_;  // on the same port number; null without ICE-TCP
  std::map<std::string, owner, std::less<>> by_fragment_;
  std::map<overlay::transport_address, owner> by_address_;
  std::unordered_map<const media_call*, std::shared_ptr<media_call>> calls_;
  std::shared_ptr<trunk_port_range> trunk_range_;
  std::size_t sessions_ = 0;
  std::size_t number_;
  std::thread thread_;
};

}  // namespace tollgate::gateway::call
