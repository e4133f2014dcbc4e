// SPDX-License-Identifier: Apache-2.0
// Tells owners of their messages, out of the database: takes what is due, delivers it, and writes down what came of it. Any number
// of nodes may do so at once. On the signalling thread, but for libcurl's work.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/call/clocks.hpp"
#include "gateway/call/inbox.hpp"
#include "gateway/db/database.hpp"
#include "gateway/notify/courier.hpp"
#include "gateway/notify/delivery_pool.hpp"
#include "gateway/notify/letters.hpp"
#include "pstn/sip/user_agent.hpp"
#include "voicemail/notification.hpp"

namespace tollgate::gateway::notify {

struct notifier_options {
  voicemail::retry_policy retries{};
  std::chrono::milliseconds interval{2'000};  // between looks at the database
  int at_once = 8;                            // deliveries
  std::string sip_domain{};                   // of the mailboxes' SIP URIs
  address_guard agents{};                     // where NOTIFYs may go
};

class notifier {
 public:
  struct collaborators {
    boost::asio::any_io_executor executor;
    db::database& database;
    pstn::sip::user_agent& sip;
    voicemail::audio_keys keys;  // of recordings that go with letters
    call::clocks time;
    std::function<std::string(std::string_view body, std::string_view secret, wall_time now)> sign;  // the header's value
    std::function<void(boost::asio::awaitable<void>)> spawn;  // into the group that is awaited before all this dies
  };
  notifier(collaborators with, courier by, notifier_options options);

  // Until stop().
  boost::asio::awaitable<void> run();
  // Deliveries that are under way are broken off, and tried again at another time.
  void stop();
  // What came of a NOTIFY.
  void on_told(const pstn::sip::notify_result& result);

 private:
  using outcome_box = std::shared_ptr<call::inbox<delivery>>;

  boost::asio::awaitable<void> deliver(voicemail::notification one);
  boost::asio::awaitable<delivery> attempt(const voicemail::notification& one);
  boost::asio::awaitable<delivery> send_letter(const voicemail::notification& one);
  boost::asio::awaitable<delivery> notify_agent(const voicemail::notification& one);

  collaborators with_;
  courier courier_;
  notifier_options options_;
  delivery_pool pool_;
  boost::asio::steady_timer pause_;
  std::unordered_map<pstn::sip::call_key, outcome_box> agents_;  // that have been sent a NOTIFY
  int under_way_ = 0;
  bool stopping_ = false;
};

}  // namespace tollgate::gateway::notify
