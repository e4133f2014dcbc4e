// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL server of the gateway's own, below its state directory, on a Unix socket only: nothing to set
// up for a first run, and real PostgreSQL all the same. Started by root it runs as an unprivileged user.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include <boost/system/result.hpp>

namespace tollgate::gateway::db {

struct embedded_postgresql_options {
  std::filesystem::path directory;  ///< holds data/, socket/ and postgresql.log; made if missing
  std::filesystem::path
      binaries;  ///< folder of initdb and postgres; empty: the newest of /usr/lib/postgresql/*/bin
  int max_connections = 64;
  bool durable = true;  ///< false: fsync off, for tests only
  std::chrono::seconds start_timeout{
      60};  ///< from exec until it accepts connections (recovery after a crash included)
  std::chrono::seconds stop_timeout{30};  ///< fast shutdown; then immediate, then kill
};

/// Owns the server process. Not thread-safe, except that it watches over the server on a thread of its own.
class embedded_postgresql {
 public:
  /// Makes the cluster if there is none (initdb into a temporary name, then renamed), ends a server which an
  /// earlier, killed gateway left behind on the same directory, starts the server and waits until the
  /// database "tollgate" accepts connections. Throws std::runtime_error with a sentence for the admin (no
  /// binaries, directory of another user, another gateway on it, start failed with the last lines of the
  /// log). Blocks.
  explicit embedded_postgresql(embedded_postgresql_options options);
  /// Stops the server.
  ~embedded_postgresql();
  embedded_postgresql(const embedded_postgresql&) = delete;
  embedded_postgresql& operator=(const embedded_postgresql&) = delete;

  /// libpq connection string for this process. Stays the same when the server is started anew.
  const std::string& url() const;

  /// Process id of the postmaster now; 0 while it is being started anew.
  int process_id() const;

  /// How often the server died and was started anew.
  unsigned restarts() const;

  /// Fast shutdown (SIGINT), after stop_timeout an immediate one. Idempotent. Blocks.
  void stop();

 private:
  class supervisor;
  std::unique_ptr<supervisor> supervisor_;
};

/// Connection string of the server that runs on `directory`, for another process of the same machine and user
/// (`tollgate migrate` beside a running gateway). Errors: boost::system::errc::no_such_process when none runs
/// there.
boost::system::result<std::string> running_postgresql_url(const std::filesystem::path& directory);

}  // namespace tollgate::gateway::db
