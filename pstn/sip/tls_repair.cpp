// SPDX-License-Identifier: Apache-2.0
// The library calls tls_free() and tls_init_master() of its own through the dynamic linker, which finds the
// ones below first. What they need of a tls_t is its beginning; it is checked before it is used.
#include "pstn/sip/tls_repair.hpp"

#include <sofia-sip/su_alloc.h>  // before the features, which lean on it

#include <dlfcn.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sofia-sip/sofia_features.h>

#include <string_view>
#include <utility>

namespace tollgate::pstn::sip {
namespace {

/// How a tls_t of 1.12.11 begins, a listener's as well as a connection's.
struct tls_beginning {
  su_home_t home;
  SSL_CTX* context;
  SSL* session;  // of a connection
  BIO* socket;
};

template <class Function>
Function next_of(const char* name) noexcept {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

bool is_sound(const tls_beginning& one) noexcept {
  return one.session && one.socket && SSL_get_rbio(one.session) == one.socket &&
         SSL_get_SSL_CTX(one.session) == one.context;
}

}  // namespace
}  // namespace tollgate::pstn::sip

namespace sip = tollgate::pstn::sip;

extern "C" {

__attribute__((visibility("default"))) void tls_free(void* tls);
__attribute__((visibility("default"))) void* tls_init_master(void* issues);

void tls_free(void* tls) {
  static const auto original = sip::next_of<void (*)(void*)>("tls_free");
  auto* const one = static_cast<sip::tls_beginning*>(tls);
  if (one && sip::is_sound(*one)) {
    SSL_shutdown(one->session);
    // The original gives back the socket's reference, which the session owns, and the context's, which the
    // session took: one more of each, and both ways are right.
    BIO_up_ref(one->socket);
    SSL_CTX_up_ref(one->context);
    SSL_free(std::exchange(one->session, nullptr));
  }
  original(tls);
  ERR_clear_error();
}

void* tls_init_master(void* issues) {
  static const auto original = sip::next_of<void* (*)(void*)>("tls_init_master");
  auto* const made = static_cast<sip::tls_beginning*>(original(issues));
  if (made && made->context) SSL_CTX_set_min_proto_version(made->context, TLS1_2_VERSION);
  return made;
}
}

namespace tollgate::pstn::sip {

bool tls_is_repaired() noexcept {
  return std::string_view(SOFIA_SIP_VERSION).starts_with("1.12.11") &&
         dlsym(RTLD_DEFAULT, "tls_free") == reinterpret_cast<void*>(&tls_free) &&
         dlsym(RTLD_DEFAULT, "tls_init_master") == reinterpret_cast<void*>(&tls_init_master);
}

}  // namespace tollgate::pstn::sip
