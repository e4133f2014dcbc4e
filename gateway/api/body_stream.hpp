// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: a body that has no end of its own.
#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

namespace tollgate::gateway::api {

class body_stream {
 public:
  virtual ~body_stream() = default;
  /// The next piece, whenever there is one; empty: it has ended. Whoever is connected is told something now and then, so
  /// that one who is gone is noticed.
  virtual boost::asio::awaitable<std::string> next() = 0;
  /// next() answers at once, with the end.
  virtual void stop() = 0;
};

}  // namespace tollgate::gateway::api
