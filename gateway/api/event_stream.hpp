// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: the log of events as it grows, as Server-Sent Events (WHATWG HTML §9.2); and the places that streams take.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/api/body_stream.hpp"
#include "gateway/api/services.hpp"
#include "gateway/events/event_store.hpp"

namespace tollgate::gateway::api {

/// A place among the streams of this node, given back at its end: of events, and of files that are sent part by part.
class stream_place {
 public:
  static constexpr std::size_t of_owner_most = 8;

  /// Nothing: there are as many streams as there may be: on this node, of which a quarter is kept for staff; or of this account, carrier
  /// or token.
  static std::unique_ptr<stream_place> take(services& with, const principal& who);
  ~stream_place();
  stream_place(const stream_place&) = delete;
  stream_place& operator=(const stream_place&) = delete;

 private:
  stream_place(std::shared_ptr<stream_places> among, const uuid& owner, bool is_staff);

  std::shared_ptr<stream_places> among_;
  uuid owner_;
  bool is_staff_;
};

/// Each event has its position as `id`, its type as `event` and itself as `data`. Nothing is kept for a reader: what it has not
/// read yet is in the log. Where nothing happens there is a comment every server_options::stream_check.
class event_stream final : public body_stream {
 public:
  /// Nothing: there is no place for it.
  static std::shared_ptr<event_stream> open(services& with, const principal& who, events::event_filter which,
                                            const boost::asio::any_io_executor& executor);
  event_stream(const event_stream&) = delete;
  event_stream& operator=(const event_stream&) = delete;

  boost::asio::awaitable<std::string> next() override;
  void stop() override;

 private:
  event_stream(services& with, std::unique_ptr<stream_place> place, events::event_filter which, const boost::asio::any_io_executor& executor);

  services& with_;
  std::unique_ptr<stream_place> place_;
  events::event_filter which_;
  boost::asio::steady_timer timer_;
  bool begun_ = false, stopped_ = false;
};

}  // namespace tollgate::gateway::api
