// SPDX-License-Identifier: Apache-2.0
// What a handshake must prove, hung on the SSL object so that the context's callbacks find it; for the
// sources of this room only.
#pragma once

#include <openssl/ssl.h>

#include "gateway/overlay/dtls.hpp"

namespace tollgate::gateway::overlay {

struct dtls_check {
  fingerprint expected;
  dtls_failure failure = dtls_failure::none;  // set when a callback refuses
};

// RFC 7714 §14.2: {0x00, 0x08}.
bool chose_required_profile(SSL* ssl) noexcept;

}  // namespace tollgate::gateway::overlay
