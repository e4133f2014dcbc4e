// SPDX-License-Identifier: Apache-2.0
// gzip as a content coding (RFC 9110 §8.4.1.3, RFC 1952). Nothing is compressed that a third party could make a client ask
// for: tokens come in the Authorization header, which no foreign page can make a browser send, so that guessing by the
// size of an answer (BREACH) has no lever here. Free of IO.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tollgate::gateway::api {

/// Smaller bodies fit into one packet anyway.
inline constexpr std::size_t compressed_least_bytes = 1'024;

/// Whether Accept-Encoding takes gzip with a weight above 0 (RFC 9110 §12.5.3).
bool accepts_gzip(std::string_view accept_encoding);

/// Whether bodies of this media type shrink: JSON and text do, audio has been compressed already.
bool is_compressible(std::string_view content_type);

/// Throws std::bad_alloc only.
std::string gzip(std::string_view plain);

}  // namespace tollgate::gateway::api
