// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/datagram_poller.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>

namespace tollgate::gateway::call {

namespace {

using std::chrono::nanoseconds;

constexpr std::size_t datagrams_at_once = 32;
constexpr std::size_t sockets_at_once = 256;
constexpr nanoseconds clocks_apart{20'000};
constexpr std::size_t rounds_most = 64;  // of sockets_at_once, in one read

[[noreturn]] void fail(const char* what) {
  throw boost::system::system_error({errno, boost::system::system_category()}, what);
}

std::optional<nanoseconds> stamp_of(const msghdr& message) noexcept {
  for (auto* each = CMSG_FIRSTHDR(&message); each != nullptr;
       each = CMSG_NXTHDR(const_cast<msghdr*>(&message), each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec at{};
    std::memcpy(&at, CMSG_DATA(each), sizeof at);
    return std::chrono::seconds(at.tv_sec) + nanoseconds(at.tv_nsec);
  }
  return std::nullopt;
}

}  // namespace

class datagram_poller::watched {
 public:
  watched(int descriptor, handler on_datagram)
      : descriptor_(descriptor), on_datagram_(std::move(on_datagram)) {}

  int descriptor() const noexcept { return descriptor_; }
  bool is_watched() const noexcept { return watched_; }
  void forget() noexcept { watched_ = false; }  // the handler may be running: it stays
  void hand_over(std::span<const std::byte> datagram, const datagram_socket::endpoint& source,
                 time_point arrived_at) {
    on_datagram_(datagram, source, arrived_at);
  }

 private:
  int descriptor_;
  handler on_datagram_;
  bool watched_ = true;
};

// What the kernel writes into, used by all sockets in turn.
struct datagram_poller::batch {
  batch() {
    for (std::size_t i = 0; i < datagrams_at_once; ++i) {
      parts[i] = {octets[i].data(), octets[i].size()};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_name = sources[i].data();
      messages[i].msg_hdr.msg_control = controls[i].data();
      renew(i);
    }
  }
  // The kernel leaves in them what it has written.
  void renew(std::size_t i) noexcept {
    messages[i].msg_hdr.msg_namelen = static_cast<socklen_t>(sources[i].capacity());
    messages[i].msg_hdr.msg_controllen = controls[i].size();
  }

  struct alignas(cmsghdr) control : std::array<char, CMSG_SPACE(sizeof(timespec))> {};
  std::array<std::array<std::byte, datagram_max_bytes + 1>, datagrams_at_once> octets{};
  std::array<datagram_socket::endpoint, datagrams_at_once> sources;
  std::array<control, datagrams_at_once> controls{};
  std::array<iovec, datagrams_at_once> parts{};
  std::array<mmsghdr, datagrams_at_once> messages{};
  std::array<epoll_event, sockets_at_once> events{};
};

datagram_poller::datagram_poller(clocks time)
    : time_(std::move(time)), epoll_(epoll_create1(EPOLL_CLOEXEC)), batch_(std::make_unique<batch>()) {
  if (epoll_ < 0) fail("epoll_create1");
}

datagram_poller::~datagram_poller() {
  ::close(epoll_);
}

std::shared_ptr<datagram_poller::watched> datagram_poller::watch(const datagram_socket& socket,
                                                                 handler on_datagram) {
  auto made = std::make_shared<watched>(socket.descriptor(), std::move(on_datagram));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = made.get();
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, socket.descriptor(), &event) != 0) fail("epoll_ctl");
  return made;
}

void datagram_poller::forget(const std::shared_ptr<watched>& which) {
  if (!which || !which->is_watched()) return;
  which->forget();
  epoll_ctl(epoll_, EPOLL_CTL_DEL, which->descriptor(), nullptr);
  forgotten_.push_back(which);
}

std::size_t datagram_poller::read(time_point now) {
  forgotten_.clear();
  std::size_t taken = 0;
  for (std::size_t round = 0; round < rounds_most; ++round) {
    const int ready = epoll_wait(epoll_, batch_->events.data(), sockets_at_once, 0);
    for (int i = 0; i < ready; ++i) {
      auto& from = *static_cast<watched*>(batch_->events[static_cast<std::size_t>(i)].data.ptr);
      taken += read_one(from, now);
    }
    // The kernel names ready sockets in turn: fewer than asked for are all.
    if (ready < static_cast<int>(sockets_at_once)) break;
  }
  read_until_ = now;
  return taken;
}

// At one moment: a thread that loses its core between the two readings would mistake the arrivals by as much.
std::pair<datagram_poller::time_point, nanoseconds> datagram_poller::both_clocks() const {
  constexpr int attempts = 4;
  for (int attempt = 1;; ++attempt) {
    const auto before = time_.steady();
    const nanoseconds wall = time_.wall().time_since_epoch();
    if (time_.steady() - before <= clocks_apart || attempt == attempts) return {before, wall};
  }
}

std::size_t datagram_poller::read_one(watched& from, time_point now) {
  auto& messages = batch_->messages;
  std::size_t taken = 0;
  bool more = true;
  while (more && from.is_watched()) {
    const int got = recvmmsg(from.descriptor(), messages.data(), datagrams_at_once, 0, nullptr);
    if (got <= 0) break;  // empty, or an ICMP error's answer to what was sent earlier
    more = got == static_cast<int>(datagrams_at_once);
    const auto [read_at, wall] = both_clocks();
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
      const msghdr& message = messages[i].msg_hdr;
      // By how long it has waited, so that the wall clock may be set meanwhile; and not before the last time
      // that everything was read.
      const nanoseconds waited = wall - stamp_of(message).value_or(wall);
      const auto arrived_at = std::clamp(read_at - waited, std::min(read_until_, read_at), read_at);
      more = more && arrived_at <= now;
      batch_->sources[i].resize(message.msg_namelen);
      batch_->renew(i);
      if (!from.is_watched()) continue;
      from.hand_over(std::span(batch_->octets[i]).first(messages[i].msg_len), batch_->sources[i], arrived_at);
    }
    taken += static_cast<std::size_t>(got);
  }
  return taken;
}

}  // namespace tollgate::gateway::call
