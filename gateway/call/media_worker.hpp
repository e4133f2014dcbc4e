// SPDX-License-Identifier: Apache-2.0
// One of the threads behind media_engine: its event loop, the overlay socket of its calls with the two
// look-ups (ufrag, then address; RFC 7983). Calls stay with their worker for life. Everything but the
// constructor, stop() and what is marked runs on the worker's thread.
//
// It works in turns. Each takes in whatever has arrived on any socket, with the times of arrival, and then
// sees to the deadlines of its calls in their order: so nothing that has arrived before a deadline is taken
// for lost, however late the worker is, and its own lateness is not taken for the network's. While packets
// come, turns come on a common grid, as deadlines do; only after one that has found none the worker waits for
// the next packet.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <string>
#include <thread>
#include <unordered_map>

#include "gateway/call/datagram_poller.hpp"
#include "gateway/call/deadline_queue.hpp"
#include "gateway/call/handler_memory.hpp"
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

  datagram_poller& sockets() { return sockets_; }
  deadline_queue& deadlines() { return deadlines_; }
  void deadline_set() { wait_for(deadlines_.next()); }  // one that may be earlier than all
  media_counters& counters() { return counters_; }
  // A call's trunk side has media from now on, or no longer.
  void call_talks(bool talks) { talking_.fetch_add(talks ? 1 : -1, std::memory_order_relaxed); }

  // Signalling thread only.
  trunk_port_range& trunk_range() { return *trunk_range_; }
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
  void turn();
  void wait();
  void wait_for(deadline_queue::time_point at);
  void wait_for_packet();
  std::size_t talking() const;  // calls whose trunk has media; any thread
  // False: it belongs to no call.
  bool on_overlay_datagram(std::span<const std::byte> datagram, const overlay::transport_address& source,
                           deadline_queue::time_point arrived_at);
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

  datagram_poller sockets_;
  deadline_queue deadlines_;
  boost::asio::posix::stream_descriptor packet_comes_;  // sockets_.descriptor()
  bool waits_for_packet_ = false;
  boost::asio::steady_timer turn_timer_;
  deadline_queue::time_point turn_at_ = deadline_queue::never;  // what turn_timer_ waits for
  bool in_turn_ = false;
  bool packets_came_ = false;  // in the latest turn

  datagram_socket overlay_socket_;
  std::uint16_t overlay_port_ = 0;
  std::shared_ptr<datagram_poller::watched> overlay_watched_;
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
