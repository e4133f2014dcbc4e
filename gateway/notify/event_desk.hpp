// SPDX-License-Identifier: Apache-2.0
// Takes events off the threads of calls, stores them, puts the log in order, delivers it to webhooks, and forgets what is old. Any
// number of nodes may do so at once. On the signalling thread, but for libcurl's work and the database's.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "gateway/call/clocks.hpp"
#include "gateway/db/database.hpp"
#include "gateway/events/event.hpp"
#include "gateway/events/webhook_store.hpp"
#include "gateway/notify/courier.hpp"
#include "gateway/notify/delivery_pool.hpp"
#include "gateway/notify/event_letters.hpp"
#include "voicemail/notification.hpp"

namespace tollgate::gateway::notify {

struct event_options {
  voicemail::retry_policy retries{};
  std::chrono::milliseconds interval{500};  // between looks at the database
  std::chrono::hours keep{30 * 24};         // events, and what could not be delivered of them
  int at_once = 4;                          // webhooks
};

class event_desk {
 public:
  struct collaborators {
    boost::asio::any_io_executor executor;
    db::database& database;
    call::clocks time;
    signer sign;
    std::function<void(boost::asio::awaitable<void>)> spawn;  // into the group that is awaited before all this dies
  };
  event_desk(collaborators with, courier by, event_options options);

  // Something has happened that no transaction tells of. Costs no more than memory; what is too much is dropped and counted.
  void put(events::new_event what) { queue_.put(std::move(what)); }

  // Until stop().
  boost::asio::awaitable<void> run();
  // Deliveries that are under way are broken off, and made at another time.
  void stop();
  // What has been put and is not stored yet: once more, after the last call.
  boost::asio::awaitable<void> flush();

  std::int64_t newest() const { return newest_; }  // position in the log, as far as this node has heard
  std::uint64_t dropped() const { return queue_.dropped(); }
  std::size_t waiting() const { return queue_.size(); }
  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t failed() const { return failed_; }  // attempts

 private:
  boost::asio::awaitable<bool> look();
  boost::asio::awaitable<void> forget_old();
  boost::asio::awaitable<void> deliver(events::webhook_work work);
  boost::asio::awaitable<delivery> attempt(const events::webhook& to, const events::webhook_delivery& one);

  collaborators with_;
  courier courier_;
  event_options options_;
  events::event_queue queue_;
  delivery_pool pool_;
  boost::asio::steady_timer pause_;
  std::chrono::steady_clock::time_point next_forgetting_{};
  std::int64_t newest_ = 0;
  std::uint64_t delivered_ = 0, failed_ = 0;
  int under_way_ = 0;
  bool stopping_ = false;
};

}  // namespace tollgate::gateway::notify
