// SPDX-License-Identifier: Apache-2.0
// The SIP thread: creates the stack, runs it, takes it down.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>

#include "pstn/sip/call.hpp"
#include "pstn/sip/endpoint.hpp"
#include "pstn/sip/stack.hpp"
#include "pstn/sip/tls_repair.hpp"

namespace tollgate::pstn::sip {
namespace {

constexpr unsigned message_most_bytes = 64 * 1024;
constexpr unsigned socket_buffer_bytes =
    2 * 1024 * 1024;                               // a burst of calls; the kernel's rmem_max may be less
constexpr const char* methods = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO";
constexpr const char* methods_answered_here = "INVITE, BYE, OPTIONS, UPDATE, PRACK";

std::string host_text(const std::string& address) {
  return address.find(':') == std::string::npos ? address : '[' + address + ']';
}

std::string listen_url(const user_agent_options& options, bool tls) {
  const std::string& shown =
      options.advertised_address.empty() ? options.address : options.advertised_address;
  std::string url = tls ? "sips:" : "sip:";
  url += host_text(shown) + ':' + std::to_string(tls ? options.tls_port : options.port);
  if (shown != options.address) url += ";maddr=" + host_text(options.address);
  // Both: no parameter. A list ("udp,tcp") is documented, but nta_agent_add_tport() reads it from a dead
  // stack frame.
  if (!tls && options.udp != options.tcp) url += options.udp ? ";transport=udp" : ";transport=tcp";
  return url;
}

/// Whether the port can be bound: asked beforehand because it gives a reason, and because a stack that fails
/// to start leaks.
void try_port(const std::string& address, std::uint16_t port, int type) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = type;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  if (const int error = getaddrinfo(address.c_str(), service.c_str(), &hints, &found); error != 0)
    throw std::runtime_error("SIP address " + address + ": " + gai_strerror(error));
  const int handle = socket(found->ai_family, type | SOCK_CLOEXEC, 0);
  const int on = 1;  // as the stack does: beside "0.0.0.0" there is room for "::"
  if (handle >= 0 && found->ai_family == AF_INET6)
    setsockopt(handle, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  const int reuse =
      type == SOCK_STREAM ? 1 : 0;  // as the stack does: connections in TIME_WAIT are no obstacle
  if (handle >= 0 && reuse != 0) setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  const bool is_free = handle >= 0 && bind(handle, found->ai_addr, found->ai_addrlen) == 0;
  const int error = errno;
  freeaddrinfo(found);
  if (handle >= 0) close(handle);
  if (!is_free)
    throw std::system_error(error, std::generic_category(),
                            "cannot listen for SIP on " + host_text(address) + ':' + service);
}

}  // namespace

void endpoint::create_stack() {
  if (options_.port == 0 || (!options_.udp && !options_.tcp))
    throw std::runtime_error("no SIP port or transport");
  if (options_.udp) try_port(options_.address, options_.port, SOCK_DGRAM);
  if (options_.tcp) try_port(options_.address, options_.port, SOCK_STREAM);
  if (options_.tls_port != 0) try_port(options_.address, options_.tls_port, SOCK_STREAM);
  root_ = su_root_create(this);
  if (!root_) throw std::runtime_error("su_root_create failed");
  su_root_threading(root_, 0);

  const std::string url = listen_url(options_, false);
  const bool has_tls = options_.tls_port != 0 && !options_.certificate_directory.empty();
  if (has_tls && !tls_is_repaired())
    throw std::runtime_error("no TLS with this build of Sofia-SIP: it would leak each connection");
  if (!connections_are_watched()) log("another build of Sofia-SIP: connections of strangers are not bounded");
  const std::string tls_url = has_tls ? listen_url(options_, true) : std::string();
  // The library's own STUN server is off: it prints to the standard output what anybody sends.
  stack_ =
      nua_create(root_, &endpoint::on_stack_event, this, NUTAG_URL(URL_STRING_MAKE(url.c_str())),
                 TAG_IF(has_tls, NUTAG_SIPS_URL(URL_STRING_MAKE(tls_url.c_str()))),
                 TAG_IF(has_tls, NUTAG_CERTIFICATE_DIR(options_.certificate_directory.c_str())),
                 TAG_IF(has_tls, TPTAG_TLS_VERIFY_POLICY(TPTLS_VERIFY_ALL | TPTLS_VERIFY_SUBJECTS_OUT)),
                 NUTAG_MEDIA_ENABLE(0), NUTAG_AUTOANSWER(0), NUTAG_AUTOALERT(0), NUTAG_AUTOACK(1),
                 NUTAG_AUTO302(0), NUTAG_AUTO305(0), NUTAG_MAX_RETRY_AFTER(0), NUTAG_UPDATE_REFRESH(1),
                 NUTAG_SESSION_TIMER(static_cast<unsigned>(options_.session_timer.count())),
                 NUTAG_MIN_SE(static_cast<unsigned>(options_.session_interval_least.count())), SIPTAG_SUPPORTED_STR("timer, 100rel"),
                 SIPTAG_ALLOW_STR(methods), NUTAG_APPL_METHOD(static_cast<const char*>(nullptr)),
                 NUTAG_APPL_METHOD(methods_answered_here), NUTAG_USER_AGENT(options_.name.c_str()),
                 NUTAG_DETECT_NETWORK_UPDATES(NUA_NW_DETECT_NOTHING), NTATAG_PASS_100(1),
                 NTATAG_MAXSIZE(message_most_bytes), NTATAG_UDP_MTU(message_most_bytes), NTATAG_USE_NAPTR(0),
                 TAG_IF(options_.trace, TPTAG_LOG(1)), TPTAG_UDP_RMEM(socket_buffer_bytes),
                 TPTAG_STUN_SERVER(0), TPTAG_PONG2PING(1), TAG_END());
  if (!stack_) throw std::runtime_error("cannot listen on " + url);

  su_wait_t wait[1] = {SU_WAIT_INIT};
  if (su_wait_create(wait, wakeup_, SU_WAIT_IN) < 0 ||
      (wakeup_index_ = su_root_register(root_, wait, &endpoint::on_wakeup, this, 0)) < 0) {
    throw std::runtime_error("su_root_register failed");
  }
}

void endpoint::destroy_stack() {
  stop_timer_.reset();
  cut_timer_.reset();
  calls_.clear();
  probes_.clear();
  if (wakeup_index_ >= 0) su_root_deregister(root_, wakeup_index_);
  // A stack whose shutdown was not completed cannot be destroyed (nua_destroy() asserts it): what it holds is
  // left to the end of the process, which is what a stop amounts to.
  if (stack_ && !shutdown_done_) return;
  if (stack_) nua_destroy(stack_);
  if (root_) su_root_destroy(root_);
}

void endpoint::run(std::promise<void> started) {
  prepare_stack();
  listen_to_stack(true);
  try {
    create_stack();
  } catch (...) {
    destroy_stack();
    listen_to_stack(false);
    started.set_exception(std::current_exception());
    return;
  }
  started.set_value();
  su_root_run(root_);
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    commands_.clear();
  }
  destroy_stack();
  listen_to_stack(false);
}

void endpoint::listen_to_stack(bool on) {
  set_stack_log(on ? &options_.log : nullptr);
  set_stack_tap(on && options_.trace ? &tap_ : nullptr);
  set_stack_filter(on ? &filter_ : nullptr);
  set_connection_watch(on ? this : nullptr);
  set_dialog_test(on ? &dialog_test_ : nullptr);
}

}  // namespace tollgate::pstn::sip
