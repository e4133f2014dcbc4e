// SPDX-License-Identifier: Apache-2.0
// Child processes and databases of the test PostgreSQL server.
#include "tests/support/postgres/server.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/transaction>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace tollgate::tests {
namespace {

namespace fs = std::filesystem;

constexpr const char* template_name = "tollgate_template";
constexpr auto start_deadline = std::chrono::seconds(30);
constexpr auto poll_interval = std::chrono::milliseconds(10);

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// PostgreSQL refuses to run as root; setpriv also ties the child to us, so that a killed test leaves no
// server behind.
std::vector<std::string> as_server_user(std::vector<std::string> command) {
  std::vector<std::string> full{"setpriv", "--pdeathsig", "QUIT"};
  if (geteuid() == 0)
    full.insert(full.end(), {"--reuid", "postgres", "--regid", "postgres", "--init-groups"});
  full.push_back("--");
  full.insert(full.end(), command.begin(), command.end());
  return full;
}

pid_t spawn(const std::vector<std::string>& command, const fs::path& log) {
  std::vector<char*> arguments;
  for (const auto& word : command)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A group of its own: Ctrl-C in a terminal ends the test, whose destructor then ends the server in order.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t child = -1;
  const int error = posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    throw std::runtime_error("cannot start " + command.front() + ": errno " + std::to_string(error));
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

void execute(const std::string& connection, const std::string& sql) {
  pqxx::connection database(connection);
  pqxx::nontransaction session(database);
  session.exec(sql);
}

// In memory, where it has room: a server that waits for no disk needs none. Not below TMPDIR: the path of a Unix socket has at most
// 107 bytes.
fs::path storage_folder(bool on_disk) {
  constexpr std::uintmax_t least_bytes = std::uintmax_t{2} << 30;
  std::error_code error;
  const auto memory = fs::space("/dev/shm", error);
  return !on_disk && !error && memory.available >= least_bytes ? "/dev/shm" : "/tmp";
}

}  // namespace

fs::path postgres_binaries() {
  std::vector<std::pair<int, fs::path>> found;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const auto folder = version.path() / "bin";
    if (fs::exists(folder / "initdb") && fs::exists(folder / "postgres"))
      found.emplace_back(std::atoi(version.path().filename().c_str()), folder);
  }
  if (found.empty()) throw std::runtime_error("no PostgreSQL server is installed below /usr/lib/postgresql");
  return std::max_element(found.begin(), found.end())->second;
}

std::vector<fs::path> migration_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(TOLLGATE_SOURCE_DIR) / "migrations"))
    if (entry.path().extension() == ".sql") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

postgres_server::postgres_server(postgres_options options)
    : options_(std::move(options)), binaries_(postgres_binaries()) {
  std::string pattern = storage_folder(options_.fsync) / "tollgate-postgres-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  directory_ = pattern;
  try {
    initialise();
    start();
    if (options_.migrate) make_template();
  } catch (...) {
    end(SIGQUIT);
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
    throw;
  }
}

postgres_server::~postgres_server() {
  end(SIGQUIT);
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void postgres_server::initialise() {
  if (geteuid() == 0) {
    const passwd* user = getpwnam("postgres");
    if (user == nullptr) throw std::runtime_error("there is no user `postgres` to run the server as");
    if (chown(directory_.c_str(), user->pw_uid, user->pw_gid) != 0)
      throw std::runtime_error("cannot hand over " + directory_.string());
  }
  const auto log = directory_ / "log";
  const int status =
      wait_for(spawn(as_server_user({binaries_ / "initdb", "--no-sync", "--username=postgres", "--auth=trust",
                                     "--encoding=UTF8", "--locale=C.UTF-8", "--pgdata", directory_ / "data"}),
                     log));
  if (status != 0) throw std::runtime_error("initdb failed:\n" + read_file(log));
}

void postgres_server::start() {
  if (running()) return;
  std::vector<std::string> command{binaries_ / "postgres", "-D", directory_ / "data"};
  std::vector<std::string> settings{"listen_addresses=", "unix_socket_directories=" + directory_.string(),
                                    "max_connections=100", "shared_buffers=32MB", "max_wal_size=128MB",
                                    options_.fsync ? "fsync=on" : "fsync=off"};
  settings.insert(settings.end(), options_.settings.begin(), options_.settings.end());
  for (const auto& setting : settings)
    command.insert(command.end(), {"-c", setting});
  process_ = spawn(as_server_user(command), directory_ / "log");
  const auto deadline = std::chrono::steady_clock::now() + start_deadline;
  while (PQping(connection_string("postgres").c_str()) != PQPING_OK) {
    if (waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = -1;
      throw std::runtime_error("PostgreSQL ended at its start:\n" + log());
    }
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("PostgreSQL does not answer:\n" + log());
    std::this_thread::sleep_for(poll_interval);
  }
}

void postgres_server::end(int signal) {
  if (!running()) return;
  kill(process_, signal);
  wait_for(process_);
  process_ = -1;
}

void postgres_server::stop() {
  end(SIGINT);
}

void postgres_server::crash() {
  end(SIGQUIT);
}

void postgres_server::restart() {
  stop();
  start();
}

std::string postgres_server::connection_string(const std::string& database) const {
  return "host=" + directory_.string() + " user=postgres dbname=" + database;
}

void postgres_server::make_template() {
  execute(connection_string("postgres"), std::string("CREATE DATABASE ") + template_name);
  pqxx::connection database(connection_string(template_name));
  for (const auto& file : migration_files()) {
    try {
      pqxx::work transaction(database);
      transaction.exec(read_file(file));
      transaction.commit();
    } catch (const std::exception& error) {
      throw std::runtime_error(file.filename().string() + ": " + error.what());
    }
  }
  // tests/mutants: the schema with a mistake in it, which the tests must find.
  if (const char* mutation = std::getenv("TOLLGATE_MUTATION"); mutation != nullptr) {
    pqxx::work transaction(database);
    transaction.exec(read_file(mutation));
    transaction.commit();
  }
}

std::string postgres_server::make_database(const std::string& from_template) {
  const auto name = "test_" + std::to_string(++databases_);
  execute(connection_string("postgres"), "CREATE DATABASE " + name + " TEMPLATE " + from_template);
  return connection_string(name);
}

std::string postgres_server::fresh_database() {
  return make_database(options_.migrate ? template_name : "template1");
}

std::string postgres_server::empty_database() {
  return make_database("template1");
}

std::string postgres_server::log() const {
  return read_file(directory_ / "log");
}

}  // namespace tollgate::tests
