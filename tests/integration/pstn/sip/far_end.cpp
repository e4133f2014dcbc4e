// SPDX-License-Identifier: Apache-2.0
#include "far_end.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>

namespace tollgate::tests::sip {
namespace {

constexpr std::chrono::milliseconds poll_interval{5};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

/// A socket bound to the port (0: any), or -1.
int bound_socket(int type, std::uint16_t port) {
  const int handle = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (handle >= 0 && bind(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return handle;
  if (handle >= 0) close(handle);
  return -1;
}

std::uint16_t port_of(int handle) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(handle, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

/// As the kernel lists it. An attempt to bind the port ourselves would tell too, and now and then take it
/// from the program that is awaited in the very moment of its start.
bool is_bound(std::uint16_t port, bool tcp, bool ipv6) {
  std::ifstream list(std::string("/proc/self/net/") + (tcp ? "tcp" : "udp") + (ipv6 ? "6" : ""));
  std::ostringstream suffix;
  suffix << ':' << std::hex << std::uppercase << std::setw(4) << std::setfill('0') << port;
  constexpr std::string_view listening = "0A";
  std::string slot, local, remote, state;
  for (std::string line; std::getline(list, line);) {
    if (std::istringstream(line) >> slot >> local >> remote >> state && local.ends_with(suffix.str()) &&
        (!tcp || state == listening))
      return true;
  }
  return false;
}

std::string random_name() {
  static thread_local std::mt19937_64 source{std::random_device{}()};
  std::ostringstream out;
  out << std::hex << source();
  return out.str();
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace

// Below the range of outgoing connections, which would take a port between its choice and its use; and claimed by a lock until this
// process ends, so that no two tests that run at once choose the same.
std::uint16_t free_port() {
  const auto claims = std::filesystem::temp_directory_path() / ("tollgate-test-ports-" + std::to_string(getuid()));
  std::filesystem::create_directories(claims);
  std::random_device seed;
  std::uniform_int_distribution<int> some(10'000, 20'999);
  for (int attempt = 0; attempt < 1'000; ++attempt) {
    const auto port = static_cast<std::uint16_t>(some(seed));
    const int claim = open((claims / std::to_string(port)).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (claim < 0) throw std::runtime_error("no claim of a port in " + claims.string());
    const bool claimed = flock(claim, LOCK_EX | LOCK_NB) == 0;
    const int udp = claimed ? bound_socket(SOCK_DGRAM, port) : -1;
    const int tcp = udp >= 0 ? bound_socket(SOCK_STREAM, port) : -1;
    if (udp >= 0) close(udp);
    if (tcp >= 0) {
      close(tcp);
      return port;  // the claim stays open
    }
    close(claim);
  }
  throw std::runtime_error("no free port");
}

bool wait_until_bound(std::uint16_t port, bool tcp, bool ipv6) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < deadline) {
    if (is_bound(port, tcp, ipv6)) return true;
    std::this_thread::sleep_for(poll_interval);
  }
  return false;
}

void event_log::push(ua::event what) {
  const std::scoped_lock lock(mutex_);
  events_.push_back(std::move(what));
  arrived_.notify_all();
}

std::optional<ua::event> event_log::next() {
  std::unique_lock lock(mutex_);
  if (!arrived_.wait_for(lock, patience, [this] { return !events_.empty(); })) return std::nullopt;
  ua::event first = std::move(events_.front());
  events_.pop_front();
  return first;
}

bool event_log::is_empty() {
  const std::scoped_lock lock(mutex_);
  return events_.empty();
}

void event_log::complain(const char* what, const ua::event& which) {
  constexpr std::array names{"provisional",        "answered",     "failed",         "incoming_invite",
                             "cancelled",          "acknowledged", "bye_received",   "ended",
                             "reinvite",           "info_dtmf",    "options_result", "notify_result",
                             "registration_result"};
  std::string detail = names.at(which.index());
  if (const auto* one = std::get_if<ua::failed>(&which))
    detail += " " + std::to_string(one->status) + " " + one->phrase;
  ADD_FAILURE() << what << ": " << detail;
}

agent::agent(const std::function<void(ua::user_agent_options&)>& adjust)
    : port(free_port()),
      user_agent(
          [&] {
            ua::user_agent_options options;
            options.port = port;
            options.now = [] { return std::chrono::steady_clock::now(); };
            options.shutdown_timeout = std::chrono::seconds(2);
            if (adjust) adjust(options);
            return options;
          }(),
          [this](ua::event what) { events.push(std::move(what)); }) {
  user_agent.set_admission([](const ua::source_address& source, std::string_view) {
    return ua::admission{source.ip == "127.0.0.1"};
  });
}

std::string agent::uri(std::string_view number) const {
  return "sip:" + std::string(number) + "@127.0.0.1:" + std::to_string(port);
}

child::child(std::vector<std::string> arguments, std::filesystem::path folder) : folder_(std::move(folder)) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const std::string log = folder_ / "output.log";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_addchdir_np(&actions, folder_.c_str());
  const int error = posix_spawnp(&process_, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::system_error(error, std::generic_category(), arguments[0]);
}

child::~child() {
  if (status_) return;
  terminate();
  if (!wait()) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
}

std::optional<int> child::wait() {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!status_ && std::chrono::steady_clock::now() < deadline) {
    int raw = 0;
    if (waitpid(process_, &raw, WNOHANG) == process_) {
      status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
      break;
    }
    std::this_thread::sleep_for(poll_interval);
  }
  return status_;
}

void child::terminate() {
  if (!status_) kill(process_, SIGTERM);
}

std::string child::output() const {
  return text_of(folder_ / "output.log");
}

scratch_folder::scratch_folder()
    : path(std::filesystem::temp_directory_path() / ("tollgate-sip-" + random_name())) {
  std::filesystem::create_directories(path);
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

sipp::sipp(const std::string& scenario, std::uint16_t remote_port, const std::string& transport,
           const std::string& address)
    : port(free_port()) {
  const bool ipv6 = address != "127.0.0.1";
  std::vector<std::string> arguments{"sipp",
                                     "-sf",
                                     std::string(SCENARIOS) + "/" + scenario + ".xml",
                                     "-i",
                                     address,
                                     "-p",
                                     std::to_string(port),
                                     "-mp",
                                     std::to_string(free_port()),
                                     "-m",
                                     "1",
                                     "-t",
                                     transport,
                                     "-nostdin",
                                     "-trace_err",
                                     "-timeout",
                                     std::to_string(patience.count()),
                                     "-timeout_error"};
  if (remote_port != 0)
    arguments.push_back((ipv6 ? '[' + address + ']' : address) + ':' + std::to_string(remote_port));
  process_ = std::make_unique<child>(std::move(arguments), folder_.path);
  if (remote_port == 0 && !wait_until_bound(port, transport == "t1", ipv6))
    throw std::runtime_error("sipp does not listen");
}

bool sipp::succeeds() {
  const auto status = process_->wait();
  if (status == 0) return true;
  std::string errors;
  for (const auto& file : std::filesystem::directory_iterator(folder_.path)) {
    if (file.path().string().find("errors") != std::string::npos) errors += text_of(file.path());
  }
  ADD_FAILURE() << "sipp ended with " << status.value_or(-1) << ":\n" << errors << process_->output();
  return false;
}

wire::wire(std::uint16_t remote_port)
    : socket_(bound_socket(SOCK_DGRAM, 0)), remote_port_(remote_port), call_id_(random_name()) {
  port = port_of(socket_);
}

wire::~wire() {
  close(socket_);
}

void wire::send(std::string_view message) {
  const sockaddr_in address = loopback(remote_port_);
  sendto(socket_, message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&address),
         sizeof address);
}

std::optional<std::string> wire::receive() {
  pollfd waiting{socket_, POLLIN, 0};
  if (poll(&waiting, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) != 1)
    return std::nullopt;
  std::array<char, 65536> buffer;
  const ssize_t size = recv(socket_, buffer.data(), buffer.size(), 0);
  if (size < 0) return std::nullopt;
  return std::string(buffer.data(), static_cast<std::size_t>(size));
}

std::optional<std::string> wire::receive(std::string_view text) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < deadline) {
    auto one = receive();
    if (!one) return std::nullopt;
    if (one->substr(0, one->find("\r\n")).find(text) != std::string::npos) return one;
  }
  return std::nullopt;
}

std::string wire::request(std::string_view method, std::string_view to_tag, int sequence,
                          std::string_view extra, std::string_view body) {
  const std::string number = std::to_string(sequence);
  std::ostringstream out;
  out << method << " sip:+16505550100@127.0.0.1:" << remote_port_ << " SIP/2.0\r\n"
      << "Via: SIP/2.0/UDP 127.0.0.1:" << port << ";branch=z9hG4bK" << call_id_ << '-' << ++branches_
      << "\r\n"
      << "From: <sip:+442079460958@127.0.0.1:" << port << ">;tag=w" << call_id_ << "\r\n"
      << "To: <sip:+16505550100@127.0.0.1:" << remote_port_ << '>';
  if (!to_tag.empty()) out << ";tag=" << to_tag;
  out << "\r\nCall-ID: " << call_id_ << "\r\nCSeq: " << number << ' ' << method << "\r\nMax-Forwards: 70\r\n"
      << "Contact: <sip:wire@127.0.0.1:" << port << ">\r\n"
      << extra;
  if (!body.empty()) out << "Content-Type: application/sdp\r\n";
  out << "Content-Length: " << body.size() << "\r\n\r\n" << body;
  return out.str();
}

std::vector<std::string> wire::settle() {
  wire other(remote_port_);
  const std::string question = other.request("OPTIONS", {}, 1);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  pollfd answer{other.socket_, POLLIN, 0};
  do {
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "no answer to OPTIONS";
      return {};
    }
    other.send(question);  // again and again: a full socket buffer drops datagrams
  } while (poll(&answer, 1, 100) == 0);
  std::vector<std::string> before;
  pollfd waiting{socket_, POLLIN, 0};
  while (poll(&waiting, 1, 0) == 1)
    before.push_back(*receive());
  return before;
}

std::string to_tag_of(std::string_view message) {
  const std::size_t line = message.find("\r\nTo:");
  if (line == std::string_view::npos) return {};
  const std::string_view header = message.substr(line + 2, message.find("\r\n", line + 2) - line - 2);
  const std::size_t tag = header.find(";tag=");
  return tag == std::string_view::npos ? std::string() : std::string(header.substr(tag + 5));
}

std::string pcma_sdp(std::uint16_t port, int version) {
  return "v=0\r\no=- 7 " + std::to_string(version) +
         " IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio " + std::to_string(port) +
         " RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
         "a=ptime:20\r\na=sendrecv\r\n";
}

ua::invite invite_to(std::uint16_t port, const std::string& transport) {
  ua::invite out;
  const std::string hop = "127.0.0.1:" + std::to_string(port) + ";transport=" + transport;
  out.request_uri = "sip:+442079460958@" + hop;
  out.from_uri = "sip:+16505550100@127.0.0.1";
  out.from_display = "Alice \"A\"";
  out.sdp = pcma_sdp(40000);
  return out;
}

}  // namespace tollgate::tests::sip
