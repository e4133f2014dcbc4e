// SPDX-License-Identifier: Apache-2.0
// What all DTLS endpoints of one certificate share: version, ciphers, the one SRTP profile, and no resumption
// (a resumed session would not show its certificate again).
#include <openssl/srtp.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "gateway/overlay/dtls_check.hpp"
#include "gateway/overlay/openssl_handles.hpp"

namespace tollgate::gateway::overlay {
namespace {

// Browsers offer no AES-256-GCM cipher in DTLS 1.2; the SRTP profile is a choice of its own.
constexpr auto cipher_list =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256";
constexpr long record_max_bytes = 2048;
constexpr auto group_list = "X25519:P-256:P-384";
constexpr auto srtp_profile = "SRTP_AEAD_AES_256_GCM";

constexpr unsigned long required_profile = SRTP_AEAD_AES_256_GCM;

// RFC 5764 §4.1.1: extension data is a vector of two-octet profiles behind its length.
bool offers_required_profile(SSL* ssl) noexcept {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_use_srtp, &data, &size) != 1 || size < 2) return false;
  const std::size_t end = std::min(size, 2 + (static_cast<std::size_t>(data[0]) << 8 | data[1]));
  for (std::size_t i = 2; i + 1 < end; i += 2)
    if ((static_cast<unsigned long>(data[i]) << 8 | data[i + 1]) == required_profile) return true;
  return false;
}

// OpenSSL would complete the handshake without any profile: refuse in the ClientHello.
int check_hello(SSL* ssl, int* alert, void*) {
  if (offers_required_profile(ssl)) return SSL_CLIENT_HELLO_SUCCESS;
  static_cast<dtls_check*>(SSL_get_app_data(ssl))->failure = dtls_failure::no_srtp_profile;
  *alert = SSL_AD_HANDSHAKE_FAILURE;
  return SSL_CLIENT_HELLO_ERROR;
}

// Instead of a chain: this very certificate (RFC 5763 §5). By now the profile is chosen, too.
int check_certificate(X509_STORE_CTX* store, void*) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& check = *static_cast<dtls_check*>(SSL_get_app_data(ssl));
  auto* leaf = X509_STORE_CTX_get0_cert(store);
  if (leaf == nullptr || fingerprint_of(leaf) != check.expected)
    check.failure = dtls_failure::wrong_fingerprint;
  else if (!chose_required_profile(ssl))
    check.failure = dtls_failure::no_srtp_profile;
  const bool right = check.failure == dtls_failure::none;
  X509_STORE_CTX_set_error(store, right ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
  return right ? 1 : 0;
}

std::shared_ptr<SSL_CTX> make_context(const certificate& own) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(DTLS_method()), SSL_CTX_free);
  require(context != nullptr, "DTLS context");
  auto* raw = context.get();
  SSL_CTX_set_options(raw, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                               SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  // Records are made for a datagram (SSL_set_mtu): the buffer for one need not hold 16 KiB for each call.
  SSL_CTX_set_max_send_fragment(raw, record_max_bytes);
  require(SSL_CTX_set_min_proto_version(raw, DTLS1_2_VERSION) == 1 &&
              SSL_CTX_set_max_proto_version(raw, DTLS1_2_VERSION) == 1 &&
              SSL_CTX_set_cipher_list(raw, cipher_list) == 1 &&
              SSL_CTX_set1_groups_list(raw, group_list) == 1 &&
              SSL_CTX_use_certificate(raw, own.native()) == 1 &&
              SSL_CTX_use_PrivateKey(raw, own.key().native()) == 1 && SSL_CTX_check_private_key(raw) == 1 &&
              SSL_CTX_set_tlsext_use_srtp(raw, srtp_profile) == 0,  // 0 is success here
          "DTLS context");
  SSL_CTX_set_client_hello_cb(raw, check_hello, nullptr);
  SSL_CTX_set_cert_verify_callback(raw, check_certificate, nullptr);
  return context;
}

}  // namespace

bool chose_required_profile(SSL* ssl) noexcept {
  const auto* profile = SSL_get_selected_srtp_profile(ssl);
  return profile != nullptr && profile->id == required_profile;
}

dtls_context::dtls_context(certificate own) : own_(std::move(own)), context_(make_context(own_)) {}

}  // namespace tollgate::gateway::overlay
