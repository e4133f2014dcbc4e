// SPDX-License-Identifier: Apache-2.0
// The signature of a payment provider's event: `Tollgate-Signature: t=<seconds since 1970>,v1=<hex>`, where
// v1 is HMAC-SHA-256 (RFC 2104) under the shared secret over the time as written, a full stop, and the body's
// bytes. Several v1 may stand there while a secret is being changed. Free of IO.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tollgate::gateway::api {

inline constexpr std::chrono::minutes webhook_tolerance{
    5};  // between the signer's clock and ours, either way

enum class signature_check : std::uint8_t { good, malformed, stale, wrong };

/// Compares in constant time. An empty secret signs nothing: `wrong`.
signature_check check_signature(std::string_view header, std::string_view body, std::string_view secret,
                                std::chrono::system_clock::time_point now);

/// The header that a provider sends; for tests and for writing one.
std::string make_signature(std::string_view body, std::string_view secret,
                           std::chrono::system_clock::time_point now);

}  // namespace tollgate::gateway::api
