// SPDX-License-Identifier: Apache-2.0
// What two ends of an SRTP session have agreed on by their session descriptions (RFC 4568).
#pragma once

#include <cstddef>
#include <vector>

#include "pstn/media/srtp.hpp"

namespace tollgate::pstn::media {

// Master key and salt for each direction: srtp_key_bytes(suite).
struct srtp_keys {
  srtp_profile suite = srtp_profile::aes_cm_128_hmac_sha1_80;
  std::vector<std::byte> local;   // protects what we send
  std::vector<std::byte> remote;  // opens what we receive

  bool operator==(const srtp_keys&) const = default;
};

}  // namespace tollgate::pstn::media
