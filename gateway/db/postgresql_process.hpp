// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/db: child processes of the embedded PostgreSQL, under a user of their own when we are
// root.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tollgate::gateway::db {

/// Closes on destruction.
class file_descriptor {
 public:
  file_descriptor() = default;
  explicit file_descriptor(int value) : value_(value) {}
  file_descriptor(file_descriptor&& other) noexcept : value_(other.release()) {}
  file_descriptor& operator=(file_descriptor&& other) noexcept;
  ~file_descriptor();
  int get() const { return value_; }
  explicit operator bool() const { return value_ >= 0; }

 private:
  int release();
  int value_ = -1;
};

/// An unprivileged user to become.
struct server_user {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
};

/// Null if we are not root. Else the owner of `cluster` if that exists and is not root's, else the first that
/// there is of the users postgres, tollgate, nobody. Throws std::runtime_error if there is none.
std::optional<server_user> choose_server_user(const std::filesystem::path& cluster);

struct child_command {
  std::vector<std::string> arguments;  ///< absolute path of the program first
  std::optional<server_user> user;
  int directory = -1;         ///< kept open in the child as `child_directory`
  int output = -1;            ///< standard output and error
  int signal_at_our_end = 0;  ///< sent to the child when the thread that started it ends; 0: none
};

/// The descriptor in the child under which it finds child_command::directory.
constexpr int child_directory = 3;

/// Forks and executes, in a session of its own (Ctrl-C is ours alone) with a bare environment and no other
/// open file. Throws std::system_error if fork fails; a failed exec shows as exit status 127.
pid_t start_child(const child_command& command);

/// Waits for the child's end. Exit status, or 128 + signal.
int wait_child(pid_t child);

/// Whether `user` can reach and enter `directory` by its path. Forks.
bool can_enter(const std::optional<server_user>& user, const std::filesystem::path& directory);

/// A pidfd, or an empty descriptor if there is no such process.
file_descriptor open_process(pid_t process);

/// Whether the process behind the pidfd ended within `time`.
bool ended_within(const file_descriptor& process, std::chrono::milliseconds time);

/// SIGINT (fast shutdown), after `time` SIGQUIT (immediate), 5 s later SIGKILL; returns when it has ended.
void end_postgresql(pid_t process, std::chrono::milliseconds time);

}  // namespace tollgate::gateway::db
