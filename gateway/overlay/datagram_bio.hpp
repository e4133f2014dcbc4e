// SPDX-License-Identifier: Apache-2.0
// An OpenSSL BIO that keeps datagrams apart (BIO_s_mem glues them, and 3.0 has no BIO_s_dgram_mem), for the
// sources of this room only.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "gateway/overlay/openssl_handles.hpp"

namespace tollgate::gateway::overlay {

// What OpenSSL reads from and writes to; outlives the BIO.
struct datagram_port {
  std::span<const std::byte> incoming;           // one datagram, taken by one read
  std::vector<std::vector<std::byte>> outgoing;  // in order
};

// A BIO over the port; throws std::runtime_error without memory.
bio_handle make_datagram_bio(datagram_port& port);

}  // namespace tollgate::gateway::overlay
