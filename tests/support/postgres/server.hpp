// SPDX-License-Identifier: Apache-2.0
// A private PostgreSQL server for tests: initdb and postgres in a temporary directory, on a Unix socket only.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace tollgate::tests {

// How the server is made. The defaults are fast and forget everything: no test needs its data after a power
// cut.
struct postgres_options {
  bool fsync = false;
  bool migrate = true;                // fill the template database from migrations/*.sql
  std::vector<std::string> settings;  // further "name=value" settings for postgres -c
};

// A running server of its own. Started by the constructor, which throws std::runtime_error with the server's
// log when that fails; the destructor stops it and removes its directory. It also dies when the thread that
// started it ends, so a killed test leaves no server. As root it runs as the user `postgres`. Use from one
// thread at a time.
class postgres_server {
 public:
  explicit postgres_server(postgres_options options = {});
  ~postgres_server();
  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;

  // libpq connection string of a database of this server ("postgres" always exists).
  std::string connection_string(const std::string& database) const;
  // Makes a database with every migration applied, and returns its connection string. About 50 ms.
  std::string fresh_database();
  // An empty database without migrations; returns its connection string.
  std::string empty_database();

  // Ends the server the way an administrator would (SIGINT: sessions are cut, data is written) and starts it
  // again.
  void restart();
  // SIGINT and wait; connections break.
  void stop();
  // Immediate shutdown (SIGQUIT), as after a crash: recovery runs at the next start().
  void crash();
  // Starts a stopped server and waits until it accepts connections (30 s, then std::runtime_error).
  void start();
  bool running() const { return process_ > 0; }

  const std::filesystem::path& directory() const { return directory_; }
  // What the server wrote to its log so far.
  std::string log() const;

 private:
  std::string make_database(const std::string& from_template);
  void initialise();
  void make_template();
  void end(int signal);

  postgres_options options_;
  std::filesystem::path binaries_;
  std::filesystem::path directory_;
  pid_t process_ = -1;
  int databases_ = 0;
};

// The folder of initdb and postgres (newest major version). Throws std::runtime_error when none is installed.
std::filesystem::path postgres_binaries();

// Every migration file of the tree in its order, as the gateway's migrator would apply them.
std::vector<std::filesystem::path> migration_files();

}  // namespace tollgate::tests
