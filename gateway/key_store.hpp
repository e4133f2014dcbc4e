// SPDX-License-Identifier: Apache-2.0
// The gateway's secrets below its state directory, made at the first start and kept: key of the login
// authority, key of the node, and, unless the operator brings one, a certificate authority and a server
// certificate for the overlay's TLS.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "billing/voucher.hpp"
#include "gateway/configuration.hpp"
#include "gateway/overlay/key.hpp"
#include "gateway/overlay/tls.hpp"

namespace tollgate::gateway {

struct key_store {
  overlay::private_key authority;  // signs credentials
  overlay::private_key node;       // signs call tokens
  overlay::pem_pair certificate;   // of the overlay listener
  std::filesystem::path ca_file;   // what peers trust; empty: the operator's certificate is used
};

// Reads what is there and makes what is not: files of mode 0600 (the certificates 0644), written whole and
// renamed into place. A server certificate of our own that ends within 30 days is made anew. Throws
// std::runtime_error with a sentence for the admin.
key_store open_key_store(const configuration& settings, std::chrono::system_clock::time_point now);

// The overlay listener's TLS. Throws as above.
boost::asio::ssl::context tls_context(const key_store& keys);

// The key of the vouchers' PINs: billing.voucher_key_file, or our own below the state directory. Throws as
// above.
billing::voucher_key open_voucher_key(const configuration& settings);

}  // namespace tollgate::gateway
