// SPDX-License-Identifier: Apache-2.0
// Stands between one client and PostgreSQL and counts the ways there and back. On Unix sockets, on a thread
// of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <thread>

namespace tollgate::bench {

class counting_proxy {
 public:
  /// `server`: the socket of PostgreSQL. Throws std::system_error.
  explicit counting_proxy(const std::filesystem::path& server);
  /// Cuts the connection.
  ~counting_proxy();
  counting_proxy(const counting_proxy&) = delete;
  counting_proxy& operator=(const counting_proxy&) = delete;

  /// The folder of a socket of the same name, for libpq's `host`. Takes one connection.
  const std::filesystem::path& folder() const { return folder_; }
  /// How often the client has begun to speak after the server had: once for each answer that it waited for.
  std::uint64_t round_trips() const { return round_trips_; }

 private:
  void run();

  std::filesystem::path server_, folder_;
  int listening_ = -1;
  int stop_ = -1;  // eventfd
  std::atomic<std::uint64_t> round_trips_{0};
  std::thread thread_;
};

}  // namespace tollgate::bench
