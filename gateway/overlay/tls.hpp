// SPDX-License-Identifier: Apache-2.0
// TLS 1.3 for the signalling connection: contexts of both ends, and the gateway's own certificate authority
// for when the operator has no certificate. Makes and takes PEM texts; reading and writing files is the
// caller's.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/overlay/error.hpp"

namespace tollgate::gateway::overlay {

struct pem_pair {
  std::string certificate;  // one certificate, or a chain with the server's first
  std::string key;          // secret: a file of mode 0600
};

// A P-256 authority of its own, valid ten years from a day before `now`.
boost::system::result<pem_pair> make_certificate_authority(std::string_view common_name,
                                                           std::chrono::system_clock::time_point now);

// A server certificate for these DNS names and IP addresses (subjectAltName; 127.0.0.1, ::1 and localhost are
// always added), valid 397 days from a day before `now`.
boost::system::result<pem_pair> issue_server_certificate(const pem_pair& authority,
                                                         const std::vector<std::string>& names,
                                                         std::chrono::system_clock::time_point now);

// When the first certificate of a PEM text ends. Errors: certificate_invalid.
boost::system::result<std::chrono::system_clock::time_point> certificate_expiry(std::string_view pem);

// TLS 1.3 only. Errors: certificate_invalid, also when key and certificate do not belong together.
boost::system::result<boost::asio::ssl::context> make_server_context(std::string_view certificate_pem,
                                                                     std::string_view key_pem);

// TLS 1.3 only; trusts the certificates of `authority_pem`, or the system's when it is empty. Errors:
// certificate_invalid.
boost::system::result<boost::asio::ssl::context> make_client_context(std::string_view authority_pem);

}  // namespace tollgate::gateway::overlay
