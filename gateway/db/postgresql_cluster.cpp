// SPDX-License-Identifier: Apache-2.0
// Folders, owners, initdb and lock files of the embedded PostgreSQL.
#include "gateway/db/postgresql_cluster.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

namespace tollgate::gateway::db {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t log_limit_bytes = 16 << 20;
constexpr std::string_view longest_socket_name = "/.s.PGSQL.5432.lock";

std::runtime_error failure(const std::string& what, int error) {
  return std::runtime_error(what + ": " + std::generic_category().message(error));
}

file_descriptor open_directory(const fs::path& directory) {
  file_descriptor handle(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!handle) throw failure("cannot open " + directory.string(), errno);
  return handle;
}

// Through the descriptor of the opened directory, never by a path that could have been replaced by a link.
void give_to(const file_descriptor& directory, const fs::path& name, const std::optional<server_user>& user) {
  struct stat found {};
  if (fstatat(directory.get(), "", &found, AT_EMPTY_PATH) != 0)
    throw failure("cannot look at " + name.string(), errno);
  if (!user) {
    if (found.st_uid != geteuid())
      throw std::runtime_error(name.string() + " belongs to another user (uid " +
                               std::to_string(found.st_uid) + "): start the gateway as that user or as root");
    return;
  }
  if (found.st_uid != user->uid && fchownat(directory.get(), "", user->uid, user->gid, AT_EMPTY_PATH) != 0)
    throw failure("cannot give " + name.string() + " to the user " + user->name, errno);
}

void make_directory(const fs::path& directory) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    throw failure("cannot make " + directory.string(), errno);
}

bool fits_a_socket(const fs::path& directory) {
  return directory.native().size() + longest_socket_name.size() < sizeof(sockaddr_un::sun_path);
}

int cluster_version(const fs::path& data) {
  std::ifstream in(data / "PG_VERSION");
  int version = 0;
  in >> version;
  return version;
}

}  // namespace

fs::path find_postgresql_binaries(int major) {
  std::vector<std::pair<int, fs::path>> found;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const fs::path folder = version.path() / "bin";
    const int number = std::atoi(version.path().filename().c_str());
    if ((major == 0 || major == number) && fs::exists(folder / "initdb", ignored) &&
        fs::exists(folder / "postgres", ignored))
      found.emplace_back(number, folder);
  }
  if (found.empty())
    throw std::runtime_error(
        "PostgreSQL" + (major == 0 ? "" : " " + std::to_string(major)) +
        " is not installed below /usr/lib/postgresql: install the package postgresql, or set database.url");
  return std::max_element(found.begin(), found.end())->second;
}

std::optional<pid_t> running_postmaster(const fs::path& data) {
  std::ifstream in(data / "postmaster.pid");
  pid_t process = 0;
  if (!(in >> process) || process <= 1) return std::nullopt;
  struct stat own {
  }, theirs{};
  if (stat(data.c_str(), &own) != 0 ||
      stat(("/proc/" + std::to_string(process) + "/cwd").c_str(), &theirs) != 0)
    return std::nullopt;
  if (own.st_dev != theirs.st_dev || own.st_ino != theirs.st_ino) return std::nullopt;
  return process;
}

std::string tail(const fs::path& file, std::uintmax_t from, std::size_t lines) {
  std::ifstream in(file);
  in.seekg(static_cast<std::streamoff>(from));
  std::deque<std::string> last;
  for (std::string line; std::getline(in, line);) {
    last.push_back(line);
    if (last.size() > lines) last.pop_front();
  }
  std::string text;
  for (const std::string& line : last)
    text += "\n  " + line;
  return text;
}

postgresql_cluster::postgresql_cluster(fs::path directory, fs::path binaries)
    : directory_(fs::absolute(directory)), binaries_(std::move(binaries)) {
  std::error_code error;
  fs::create_directories(directory_.parent_path(), error);
  if (error) throw failure("cannot make " + directory_.parent_path().string(), error.value());
  make_directory(directory_);
  user_ = choose_server_user(data());
  handle_ = open_directory(directory_);
  give_to(handle_, directory_, user_);
  take_lock();
  make_directory(directory_ / "socket");
  give_to(open_directory(directory_ / "socket"), directory_ / "socket", user_);
  reachable_ = can_enter(user_, directory_ / "socket");
  if (binaries_.empty()) binaries_ = find_postgresql_binaries(cluster_version(data()));
}

void postgresql_cluster::take_lock() {
  const fs::path file = directory_ / "lock";
  lock_ = file_descriptor(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock_ || (user_ && fchown(lock_.get(), user_->uid, user_->gid) != 0))
    throw failure("cannot open " + file.string(), errno);
  if (flock(lock_.get(), LOCK_EX | LOCK_NB) != 0)
    throw std::runtime_error("another gateway is running on " + directory_.string());
}

std::string postgresql_cluster::child_path(const char* name) const {
  const std::string base = reachable_ && fits_a_socket(directory_ / "socket")
                               ? directory_.string()
                               : "/proc/self/fd/" + std::to_string(child_directory);
  return base + "/" + name;
}

void postgresql_cluster::initialise() {
  if (fs::exists(data() / "PG_VERSION")) return;
  const fs::path unfinished = directory_ / "data.new";
  std::error_code error;
  fs::remove_all(unfinished, error);
  make_directory(unfinished);
  give_to(open_directory(unfinished), unfinished, user_);
  const file_descriptor output = open_log();
  const std::uintmax_t before = fs::file_size(log(), error);
  child_command command;
  command.arguments = {binaries_ / "initdb",  "--pgdata=" + child_path("data.new"),
                       "--username=tollgate", "--auth=trust",
                       "--encoding=UTF8",     "--locale=C.UTF-8",
                       "--no-instructions"};
  command.user = user_;
  command.directory = handle_.get();
  command.output = output.get();
  if (const int status = wait_child(start_child(command)); status != 0)
    throw std::runtime_error("initdb failed (status " + std::to_string(status) +
                             "):" + tail(log(), before, 20));
  fs::rename(unfinished, data(), error);
  if (error) throw failure("cannot rename " + unfinished.string(), error.value());
}

void postgresql_cluster::remove_stale_locks() const {
  std::error_code ignored;
  fs::remove(data() / "postmaster.pid", ignored);
  fs::remove(directory_ / "socket" / ".s.PGSQL.5432", ignored);
  fs::remove(directory_ / "socket" / ".s.PGSQL.5432.lock", ignored);
}

child_command postgresql_cluster::server_command(const std::vector<std::string>& settings) const {
  child_command command;
  command.arguments = {binaries_ / "postgres",
                       "-D",
                       child_path("data"),
                       "-p",
                       "5432",
                       "-c",
                       "unix_socket_directories=" + child_path("socket")};
  for (const std::string& setting : settings)
    command.arguments.insert(command.arguments.end(), {"-c", setting});
  command.user = user_;
  command.directory = handle_.get();
  return command;
}

file_descriptor postgresql_cluster::open_log() const {
  std::error_code error;
  if (fs::file_size(log(), error) > log_limit_bytes && !error)
    fs::rename(log(), log().string() + ".1", error);
  file_descriptor output(open(log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!output) throw failure("cannot write " + log().string(), errno);
  return output;
}

std::string postgresql_url(const fs::path& directory, const std::string& database) {
  fs::path host = directory / "socket";
  if (!fits_a_socket(host))
    host = "/proc/self/fd/" + std::to_string(open(host.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::string quoted;
  for (const char c : host.native()) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return "host='" + quoted + "' port=5432 user=tollgate dbname=" + database;
}

}  // namespace tollgate::gateway::db
