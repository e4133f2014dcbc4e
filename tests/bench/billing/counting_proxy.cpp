// SPDX-License-Identifier: Apache-2.0
#include "counting_proxy.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace tollgate::bench {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof address.sun_path)
    throw std::system_error(ENAMETOOLONG, std::generic_category(), "socket");
  std::copy(text.begin(), text.end(), std::begin(address.sun_path));
  return address;
}

class file {
 public:
  explicit file(int descriptor) : descriptor_(descriptor) {}
  ~file() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// What is there to read, on to the other side; false: one of them has ended.
bool forward(int from, int to) {
  std::array<char, 16384> data{};
  const ssize_t got = ::read(from, data.data(), data.size());
  for (ssize_t sent = 0; sent < got;) {
    const ssize_t more = ::send(to, data.data() + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
    if (more <= 0) return false;
    sent += more;
  }
  return got > 0;
}

}  // namespace

counting_proxy::counting_proxy(const std::filesystem::path& server) : server_(server) {
  std::string pattern = (std::filesystem::temp_directory_path() / "proxy-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) fail("mkdtemp");
  folder_ = pattern;
  listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = address_of(folder_ / server_.filename());
  if (listening_ < 0 ||
      ::bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listening_, 1) != 0)
    fail("listen");
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  if (stop_ < 0) fail("eventfd");
  thread_ = std::thread([this] { run(); });
}

counting_proxy::~counting_proxy() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stop_, &one, sizeof one);
  thread_.join();
  ::close(stop_);
  ::close(listening_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void counting_proxy::run() {
  std::array<pollfd, 2> waiting{{{stop_, POLLIN, 0}, {listening_, POLLIN, 0}}};
  ::poll(waiting.data(), waiting.size(), -1);
  if (waiting[0].revents != 0) return;
  const file client(::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC));
  const file server(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = address_of(server_);
  if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
  bool answered = true;
  for (;;) {
    std::array<pollfd, 3> open{{{stop_, POLLIN, 0}, {client.get(), POLLIN, 0}, {server.get(), POLLIN, 0}}};
    ::poll(open.data(), open.size(), -1);
    if (open[0].revents != 0) return;
    if (open[1].revents != 0) {
      if (answered) ++round_trips_;
      answered = false;
      if (!forward(client.get(), server.get())) return;
    }
    if (open[2].revents != 0) {
      answered = true;
      if (!forward(server.get(), client.get())) return;
    }
  }
}

}  // namespace tollgate::bench
