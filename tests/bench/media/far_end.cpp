// SPDX-License-Identifier: Apache-2.0
#include "far_end.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "gateway/overlay/datagram.hpp"
#include "gateway/overlay/stun.hpp"

namespace tollgate::bench {
namespace {

namespace overlay = gateway::overlay;
using std::chrono::steady_clock;

constexpr std::uint32_t host_priority = 0x7effffff;  // RFC 8445 §5.1.2.1: a host candidate's
constexpr int receive_buffer_bytes = 1 << 18;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

srtp_t make_srtp(const master_key& key, srtp_ssrc_type_t direction) {
  srtp_policy_t policy{};
  srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
  srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
  policy.ssrc.type = direction;
  auto copy = key;
  policy.key = copy.data();
  policy.window_size = 1024;
  srtp_t made = nullptr;
  if (srtp_create(&made, &policy) != srtp_err_status_ok) throw std::runtime_error("libsrtp2 refuses a key");
  return made;
}

}  // namespace

udp_port::udp_port() : descriptor_(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  if (descriptor_ < 0) fail("socket");
  const int on = 1;
  if (setsockopt(descriptor_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0) fail("SO_TIMESTAMPNS");
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
      getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    fail("bind");
  number_ = ntohs(address.sin_port);
}

udp_port::~udp_port() {
  close(descriptor_);
}

void udp_port::connect(std::uint16_t to) {
  const sockaddr_in address = loopback(to);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("connect");
}

void udp_port::send(std::span<const unsigned char> packet) noexcept {
  // What is not sent is missing at the other end and counted there.
  [[maybe_unused]] const auto sent = ::send(descriptor_, packet.data(), packet.size(), 0);
}

std::optional<udp_port::arrival> udp_port::receive(std::span<unsigned char> into) noexcept {
  iovec part{into.data(), into.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const auto size = recvmsg(descriptor_, &message, 0);
  if (size < 0) return std::nullopt;
  arrival got{static_cast<std::size_t>(size), 0};
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec at{};
    std::memcpy(&at, CMSG_DATA(each), sizeof at);
    got.at_ns = std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
  }
  return got;
}

far_end::far_end() = default;

far_end::~far_end() {
  if (sending_ != nullptr) srtp_dealloc(sending_);
  if (receiving_ != nullptr) srtp_dealloc(receiving_);
}

void far_end::begin(const overlay::dtls_context& own, const overlay::ice_credentials& gateway,
                    const overlay::fingerprint& certificate) {
  check_name_ = gateway.username_fragment + ":" + ice.username_fragment;
  check_password_ = gateway.password;
  dtls_.emplace(own, overlay::dtls_role::client, certificate, [this](std::span<const std::byte> datagram) {
    peer.send({reinterpret_cast<const unsigned char*>(datagram.data()), datagram.size()});
  });
  send_check();
}

void far_end::send_check() {
  overlay::stun_writer check(overlay::stun_class::request, overlay::stun_binding, {});
  check.username(check_name_)
      .priority(host_priority)
      .use_candidate()
      .controlling(1)
      .integrity(check_password_);
  check.fingerprint();
  const auto datagram = check.datagram();
  peer.send({reinterpret_cast<const unsigned char*>(datagram.data()), datagram.size()});
}

void far_end::take_set_up(std::span<const unsigned char> datagram) {
  const auto bytes = std::as_bytes(datagram);
  switch (overlay::classify(bytes)) {
    case overlay::datagram_kind::stun:
      if (checked_) return;
      checked_ = true;
      return dtls_->start(steady_clock::now());
    case overlay::datagram_kind::dtls:
      dtls_->receive(bytes, steady_clock::now());
      break;
    case overlay::datagram_kind::rtp:
    case overlay::datagram_kind::rtcp:
    case overlay::datagram_kind::unknown:
      return;
  }
  if (connected() || !dtls_->keys()) return;
  master_key local{}, remote{};
  std::memcpy(local.data(), dtls_->keys()->local.data(), local.size());
  std::memcpy(remote.data(), dtls_->keys()->remote.data(), remote.size());
  use_keys(local, remote);
}

void far_end::repeat_set_up() {
  if (checked_)
    dtls_->advance(steady_clock::now());
  else
    send_check();
}

void far_end::use_keys(const master_key& sending, const master_key& receiving) {
  sending_ = make_srtp(sending, ssrc_any_outbound);
  receiving_ = make_srtp(receiving, ssrc_any_inbound);
}

std::size_t far_end::protect(std::span<unsigned char> buffer, std::size_t length) noexcept {
  int size = static_cast<int>(length);
  return srtp_protect(sending_, buffer.data(), &size) == srtp_err_status_ok ? static_cast<std::size_t>(size)
                                                                            : 0;
}

std::size_t far_end::unprotect(std::span<unsigned char> packet) noexcept {
  int size = static_cast<int>(packet.size());
  return srtp_unprotect(receiving_, packet.data(), &size) == srtp_err_status_ok
             ? static_cast<std::size_t>(size)
             : 0;
}

}  // namespace tollgate::bench
