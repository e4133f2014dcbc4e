// SPDX-License-Identifier: Apache-2.0
// The DTLS endpoint over OpenSSL. What the other end must prove is checked inside the handshake, so that a
// wrong end sees an alert and not a dead connection.
#include "gateway/overlay/dtls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "gateway/overlay/datagram_bio.hpp"
#include "gateway/overlay/dtls_check.hpp"
#include "gateway/overlay/openssl_handles.hpp"

namespace tollgate::gateway::overlay {
namespace {

constexpr std::string_view exporter_label = "EXTRACTOR-dtls_srtp";  // RFC 5764 §4.2
constexpr std::size_t key_bytes = 32;                               // RFC 7714 §12
constexpr std::size_t salt_bytes = 12;
// RFC 6347 §4.2.4.1 allows less than 1 s where the round trip is known to be short: it is a call.
constexpr unsigned timer_first_us = 100'000;
constexpr unsigned timer_max_us = 2'000'000;
constexpr std::size_t datagram_max_bytes = 16 * 1024;

unsigned next_timer(SSL*, unsigned timer_us) {
  return timer_us == 0 ? timer_first_us : std::min(2 * timer_us, timer_max_us);
}

}  // namespace

std::string_view to_text(dtls_failure failure) noexcept {
  switch (failure) {
    case dtls_failure::none:
      return "none";
    case dtls_failure::no_srtp_profile:
      return "no_srtp_profile";
    case dtls_failure::wrong_fingerprint:
      return "wrong_fingerprint";
    case dtls_failure::timed_out:
      return "timed_out";
    case dtls_failure::protocol:
      return "protocol";
  }
  return "";
}

struct dtls_endpoint::implementation {
  implementation(const dtls_context& context_, dtls_role role_, const fingerprint& expected_,
                 datagram_sink out_);

  void step(time_point now);
  void flush();
  void finish();
  void fail(dtls_failure reason);
  bool export_keys();
  void set_deadline(time_point now);

  dtls_context context;  // keeps certificate and options alive
  dtls_role role;
  dtls_check check;
  datagram_sink out;
  datagram_port port;
  ssl_handle ssl;
  dtls_state state = dtls_state::handshaking;
  bool started = false;
  time_point give_up{};
  std::optional<time_point> deadline;
  std::optional<srtp_keys> keys;
};

dtls_endpoint::implementation::implementation(const dtls_context& context_, dtls_role role_,
                                              const fingerprint& expected_, datagram_sink out_)
    : context(context_), role(role_), check{expected_}, out(std::move(out_)), ssl(SSL_new(context.native())) {
  require(ssl != nullptr, "DTLS endpoint");
  SSL_set_app_data(ssl.get(), &check);
  SSL_set_verify(ssl.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  auto bio = make_datagram_bio(port);
  SSL_set_bio(ssl.get(), bio.get(), bio.get());  // takes the one reference, for both directions
  static_cast<void>(bio.release());
  SSL_set_mtu(ssl.get(), 1200);
  DTLS_set_timer_cb(ssl.get(), next_timer);
  role == dtls_role::client ? SSL_set_connect_state(ssl.get()) : SSL_set_accept_state(ssl.get());
}

void dtls_endpoint::implementation::flush() {
  auto datagrams = std::exchange(port.outgoing, {});
  for (const auto& datagram : datagrams)
    out(datagram);
}

void dtls_endpoint::implementation::fail(dtls_failure reason) {
  state = dtls_state::failed;
  if (check.failure == dtls_failure::none) check.failure = reason;
  deadline.reset();
}

// Handshake, or, after it, whatever came: repeated flights are answered, close_notify is seen, data dropped.
void dtls_endpoint::implementation::step(time_point now) {
  ERR_clear_error();
  if (state == dtls_state::handshaking) {
    const int done = SSL_do_handshake(ssl.get());
    if (done == 1) {
      finish();
    } else {
      const int error = SSL_get_error(ssl.get(), done);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) fail(dtls_failure::protocol);
    }
  }
  if (state == dtls_state::connected) {
    std::array<std::byte, 2048> dropped;
    for (int reads = 0; reads < 16; ++reads) {
      const int count = SSL_read(ssl.get(), dropped.data(), static_cast<int>(dropped.size()));
      if (count > 0) continue;
      const int error = SSL_get_error(ssl.get(), count);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) state = dtls_state::closed;
      break;
    }
  }
  ERR_clear_error();
  port.incoming = {};
  set_deadline(now);
}

void dtls_endpoint::implementation::set_deadline(time_point now) {
  deadline.reset();
  if (state != dtls_state::handshaking) return;
  deadline = give_up;
  timeval left{};
  if (DTLSv1_get_timeout(ssl.get(), &left) == 1)
    deadline =
        std::min(give_up, now + std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec));
}

void dtls_endpoint::implementation::finish() {
  const certificate_handle shown(SSL_get1_peer_certificate(ssl.get()));
  if (!shown || fingerprint_of(shown.get()) != check.expected) return fail(dtls_failure::wrong_fingerprint);
  if (!chose_required_profile(ssl.get())) return fail(dtls_failure::no_srtp_profile);
  if (!export_keys()) return fail(dtls_failure::protocol);
  state = dtls_state::connected;
}

// RFC 5764 §4.2: client key, server key, client salt, server salt.
bool dtls_endpoint::implementation::export_keys() {
  std::array<std::byte, 2 * (key_bytes + salt_bytes)> material{};
  if (SSL_export_keying_material(ssl.get(), reinterpret_cast<unsigned char*>(material.data()),
                                 material.size(), exporter_label.data(), exporter_label.size(), nullptr, 0,
                                 0) != 1)
    return false;
  const auto take = [&](std::size_t index, std::array<std::byte, key_bytes + salt_bytes>& into) {
    std::copy_n(material.begin() + index * key_bytes, key_bytes, into.begin());
    std::copy_n(material.begin() + 2 * key_bytes + index * salt_bytes, salt_bytes, into.begin() + key_bytes);
  };
  keys.emplace();
  take(0, role == dtls_role::client ? keys->local : keys->remote);
  take(1, role == dtls_role::client ? keys->remote : keys->local);
  OPENSSL_cleanse(material.data(), material.size());
  return true;
}

dtls_endpoint::dtls_endpoint(const dtls_context& context, dtls_role role, const fingerprint& expected,
                             datagram_sink out)
    : implementation_(std::make_unique<implementation>(context, role, expected, std::move(out))) {}

dtls_endpoint::~dtls_endpoint() = default;
dtls_endpoint::dtls_endpoint(dtls_endpoint&&) noexcept = default;
dtls_endpoint& dtls_endpoint::operator=(dtls_endpoint&&) noexcept = default;

void dtls_endpoint::start(time_point now) {
  if (std::exchange(implementation_->started, true)) return;
  implementation_->give_up = now + dtls_handshake_limit;
  implementation_->step(now);
  implementation_->flush();
}

void dtls_endpoint::receive(std::span<const std::byte> datagram, time_point now) {
  auto& self = *implementation_;
  const bool alive = self.state == dtls_state::handshaking || self.state == dtls_state::connected;
  if (!self.started || !alive || datagram.empty() || datagram.size() > datagram_max_bytes) return;
  self.port.incoming = datagram;
  self.step(now);
  self.flush();
}

void dtls_endpoint::advance(time_point now) {
  auto& self = *implementation_;
  if (!self.started || self.state != dtls_state::handshaking) return;
  if (now >= self.give_up) return self.fail(dtls_failure::timed_out);
  ERR_clear_error();
  if (DTLSv1_handle_timeout(self.ssl.get()) < 0) self.fail(dtls_failure::timed_out);
  ERR_clear_error();
  self.set_deadline(now);
  self.flush();
}

void dtls_endpoint::close() {
  auto& self = *implementation_;
  if (self.state == dtls_state::connected) {
    ERR_clear_error();
    SSL_shutdown(self.ssl.get());
    ERR_clear_error();
    self.flush();
  }
  if (self.state != dtls_state::failed) self.state = dtls_state::closed;
  self.deadline.reset();
}

std::optional<dtls_endpoint::time_point> dtls_endpoint::next_deadline() const noexcept {
  return implementation_->deadline;
}
dtls_state dtls_endpoint::state() const noexcept {
  return implementation_->state;
}
dtls_failure dtls_endpoint::failure() const noexcept {
  return implementation_->check.failure;
}
const std::optional<srtp_keys>& dtls_endpoint::keys() const noexcept {
  return implementation_->keys;
}

std::string_view dtls_endpoint::profile() const noexcept {
  return implementation_->keys ? std::string_view("SRTP_AEAD_AES_256_GCM") : std::string_view{};
}

std::string_view dtls_endpoint::cipher() const noexcept {
  return implementation_->keys ? SSL_get_cipher_name(implementation_->ssl.get()) : std::string_view{};
}

}  // namespace tollgate::gateway::overlay
