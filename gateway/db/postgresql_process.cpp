// SPDX-License-Identifier: Apache-2.0
// fork, exec, pidfd (glibc 2.36 declares its functions for C only): between fork and exec only what is safe
// after a fork of a process with threads.
#include "gateway/db/postgresql_process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace tollgate::gateway::db {
namespace {

using namespace std::chrono_literals;

constexpr auto immediate_shutdown_time = 5s;
constexpr int exec_failed = 127;

std::optional<server_user> look_up(const passwd* entry) {
  if (entry == nullptr || entry->pw_uid == 0) return std::nullopt;
  return server_user{entry->pw_uid, entry->pw_gid, entry->pw_name};
}

bool become(const server_user& user) {
  return setgroups(1, &user.gid) == 0 && setgid(user.gid) == 0 && setuid(user.uid) == 0;
}

[[noreturn]] void run_in_child(const child_command& command, char* const* arguments, char* const* variables,
                               pid_t parent) {
  setsid();
  // The one kept descriptor may itself stand where another belongs: move it out of the way first.
  const int kept = command.directory < 0 ? -1 : fcntl(command.directory, F_DUPFD, 64);
  const int output = fcntl(command.output, F_DUPFD, 64);
  const int input = open("/dev/null", O_RDONLY);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  if (kept >= 0) dup2(kept, child_directory);
  close_range(kept >= 0 ? child_directory + 1 : child_directory, ~0U, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < NSIG; ++number)
    signal(number, SIG_DFL);
  umask(077);
  if (chdir("/") != 0 || (command.user && !become(*command.user))) _exit(exec_failed);
  // After the change of user, which clears it. The parent may have died in between.
  if (command.signal_at_our_end != 0) {
    prctl(PR_SET_PDEATHSIG, command.signal_at_our_end);
    if (getppid() != parent) _exit(exec_failed);
  }
  execve(arguments[0], arguments, variables);
  _exit(exec_failed);
}

}  // namespace

file_descriptor& file_descriptor::operator=(file_descriptor&& other) noexcept {
  if (this != &other) {
    if (value_ >= 0) close(value_);
    value_ = other.release();
  }
  return *this;
}

file_descriptor::~file_descriptor() {
  if (value_ >= 0) close(value_);
}

int file_descriptor::release() {
  return std::exchange(value_, -1);
}

std::optional<server_user> choose_server_user(const std::filesystem::path& cluster) {
  if (geteuid() != 0) return std::nullopt;
  struct stat found {};
  if (stat(cluster.c_str(), &found) == 0 && found.st_uid != 0) {
    if (auto owner = look_up(getpwuid(found.st_uid))) return owner;
    return server_user{found.st_uid, found.st_gid, std::to_string(found.st_uid)};
  }
  for (const char* name : {"postgres", "tollgate", "nobody"})
    if (auto user = look_up(getpwnam(name))) return user;
  throw std::runtime_error(
      "PostgreSQL does not run as root, and there is no user postgres, tollgate or nobody to run it as");
}

pid_t start_child(const child_command& command) {
  std::vector<char*> arguments;
  for (const std::string& each : command.arguments)
    arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  // PGPORT, PGDATA and the like must not reach it, nor any secret of ours.
  std::string variables_text[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=/"};
  std::vector<char*> variables;
  for (std::string& each : variables_text)
    variables.push_back(each.data());
  variables.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) run_in_child(command, arguments.data(), variables.data(), parent);
  return child;
}

int wait_child(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return exec_failed;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool can_enter(const std::optional<server_user>& user, const std::filesystem::path& directory) {
  if (!user) return access(directory.c_str(), R_OK | W_OK | X_OK) == 0;
  const pid_t child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) _exit(become(*user) && access(directory.c_str(), R_OK | W_OK | X_OK) == 0 ? 0 : 1);
  return wait_child(child) == 0;
}

file_descriptor open_process(pid_t process) {
  return file_descriptor(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
}

bool ended_within(const file_descriptor& process, std::chrono::milliseconds time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  pollfd entry{process.get(), POLLIN, 0};
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int ready = poll(&entry, 1, static_cast<int>(std::max(left, 0ms).count()));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

void end_postgresql(pid_t process, std::chrono::milliseconds time) {
  const file_descriptor watched = open_process(process);
  if (!watched) return;
  for (const auto& [number, patience] :
       {std::pair{SIGINT, time}, std::pair{SIGQUIT, std::chrono::milliseconds(immediate_shutdown_time)},
        std::pair{SIGKILL, std::chrono::milliseconds(immediate_shutdown_time)}}) {
    syscall(SYS_pidfd_send_signal, watched.get(), number, nullptr, 0);
    if (ended_within(watched, patience)) return;
  }
}

}  // namespace tollgate::gateway::db
