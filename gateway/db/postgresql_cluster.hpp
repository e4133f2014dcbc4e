// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/db: the folder of the embedded PostgreSQL: where things lie, whose they are, and who runs
// on them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gateway/db/postgresql_process.hpp"

namespace tollgate::gateway::db {

/// The newest /usr/lib/postgresql/<version>/bin, of version `major` if that is not 0. Throws
/// std::runtime_error if none.
std::filesystem::path find_postgresql_binaries(int major);

/// Process id of the postmaster that really runs on `data` (its working directory is that folder), from
/// postmaster.pid.
std::optional<pid_t> running_postmaster(const std::filesystem::path& data);

/// The last `lines` lines of a file, from byte `from` on; for error messages.
std::string tail(const std::filesystem::path& file, std::uintmax_t from, std::size_t lines);

/// libpq connection string for `database` of the server whose socket lies below `directory`. Where the path
/// is too long for a Unix socket (107 bytes), it names a descriptor which stays open as long as this process
/// lives.
std::string postgresql_url(const std::filesystem::path& directory, const std::string& database);

/// A cluster's folder with data/, socket/ and postgresql.log.
class postgresql_cluster {
 public:
  /// Makes the folder, owned by the server's user. Throws std::runtime_error if it is another user's or
  /// cannot be made.
  postgresql_cluster(std::filesystem::path directory, std::filesystem::path binaries);

  std::filesystem::path data() const { return directory_ / "data"; }
  std::filesystem::path log() const { return directory_ / "postgresql.log"; }

  /// initdb, unless there is a cluster already. An unfinished one of a killed start is thrown away. Throws
  /// std::runtime_error.
  void initialise();

  /// Takes away the lock files of a server that is gone: a process id may have been given to another process
  /// since. Call it only if running_postmaster() found none.
  void remove_stale_locks() const;

  /// Command that runs the server; `settings` are "-c" values.
  child_command server_command(const std::vector<std::string>& settings) const;

  /// Opens the log for appending; a log beyond 16 MiB is moved to postgresql.log.1 first.
  file_descriptor open_log() const;

  /// postgresql_url() of this cluster.
  std::string url(const std::string& database) const { return postgresql_url(directory_, database); }

 private:
  void take_lock();
  std::string child_path(const char* name) const;

  std::filesystem::path directory_, binaries_;
  std::optional<server_user> user_;
  file_descriptor handle_;
  file_descriptor lock_;  // held as long as we live: two gateways on one folder would end each other's server
  bool reachable_ = true;  // false: the server's user cannot come to directory_ by its path, as below /root
};

}  // namespace tollgate::gateway::db
