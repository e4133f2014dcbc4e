// SPDX-License-Identifier: Apache-2.0
// Whether a trunk's voice is to be encrypted.
#pragma once

#include <cstdint>

namespace tollgate::pstn::sip {

/// `optional` offers keys beside plain RTP/AVP, as telephone systems do (RFC 4568 knows them with RTP/SAVP
/// alone), and takes whatever comes; `required` offers and takes nothing that is not encrypted.
enum class media_security : std::uint8_t { off, optional, required };

}  // namespace tollgate::pstn::sip
