// SPDX-License-Identifier: Apache-2.0
// The library calls tport_alloc_secondary() and tport_zap_secondary() of its own through the dynamic linker,
// which finds the ones below first. They look into none of its structures.
#include "pstn/sip/connection_hook.hpp"

#include <dlfcn.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pstn/sip/message.hpp"
#include "pstn/sip/sofia.hpp"

namespace tollgate::pstn::sip {
namespace {

thread_local connection_watch* thread_watch = nullptr;

template <class Function>
Function next_of(const char* name) noexcept {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

source_address peer_of(int socket) {
  su_sockaddr_t peer{};
  socklen_t size = sizeof peer;
  if (getpeername(socket, &peer.su_sa, &size) != 0) return {};
  return source_of(peer);
}

}  // namespace
}  // namespace tollgate::pstn::sip

namespace sip = tollgate::pstn::sip;

extern "C" {

__attribute__((visibility("default"))) tport_t* tport_alloc_secondary(void* primary, int socket, int accepted,
                                                                      const char** reason);
__attribute__((visibility("default"))) void tport_zap_secondary(tport_t* transport);

tport_t* tport_alloc_secondary(void* primary, int socket, int accepted, const char** reason) {
  static const auto original =
      sip::next_of<tport_t* (*)(void*, int, int, const char**)>("tport_alloc_secondary");
  if (accepted == 0 || !sip::thread_watch) return original(primary, socket, accepted, reason);
  const auto from = sip::peer_of(socket);
  if (!sip::thread_watch->admits(from)) {
    close(socket);
    *reason = "too many";
    return nullptr;
  }
  tport_t* const made = original(primary, socket, accepted, reason);
  if (made) sip::thread_watch->opened(made, from);
  return made;
}

void tport_zap_secondary(tport_t* transport) {
  static const auto original = sip::next_of<void (*)(tport_t*)>("tport_zap_secondary");
  if (transport && sip::thread_watch) sip::thread_watch->closed(transport);
  original(transport);
}
}

namespace tollgate::pstn::sip {

void set_connection_watch(connection_watch* watch) noexcept {
  thread_watch = watch;
}

void cut_connection(const void* transport) noexcept {
  constexpr int both_ways = 2;
  tport_shutdown(static_cast<tport_t*>(const_cast<void*>(transport)), both_ways);
}

bool connections_are_watched() noexcept {
  return dlsym(RTLD_DEFAULT, "tport_alloc_secondary") == reinterpret_cast<void*>(&tport_alloc_secondary) &&
         dlsym(RTLD_DEFAULT, "tport_zap_secondary") == reinterpret_cast<void*>(&tport_zap_secondary);
}

}  // namespace tollgate::pstn::sip
