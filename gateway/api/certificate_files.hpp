// SPDX-License-Identifier: Apache-2.0
// The API's certificate: files that an operator or certbot replaces while the gateway runs.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

namespace tollgate::gateway::api {

/// TLS 1.2 or 1.3 (RFC 8446, RFC 5246 with ephemeral keys and AEAD alone: RFC 9325).
class certificate_files {
 public:
  struct paths {
    std::filesystem::path certificate, key;    ///< PEM: a chain, the server's first, and its private key; empty: no TLS
    std::filesystem::path client_authorities;  ///< PEM: clients must show a certificate of theirs; empty: they need none
  };
  explicit certificate_files(paths files) : paths_(std::move(files)) {}

  bool configured() const { return !paths_.certificate.empty(); }
  /// Whether one of the files has changed since the last call of load().
  bool changed() const;
  /// Reads them. Null: one cannot be read, is no PEM, or the key is another's; `why` tells which.
  std::shared_ptr<boost::asio::ssl::context> load(std::string& why);

 private:
  std::string state() const;

  paths paths_;
  std::string loaded_;  // the files' sizes and times
};

}  // namespace tollgate::gateway::api
