// SPDX-License-Identifier: Apache-2.0
// Fetches the certificate that an Identity header names (RFC 8224 §6.2, RFC 8226 §6), with libcurl. The URL
// is a stranger's: nothing but the public internet is reached by it. Blocking, and safe to be called by
// several threads.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "gateway/notify/address_guard.hpp"

namespace tollgate::gateway::identity {

struct fetch_options {
  notify::address_guard guard{};             // which addresses may be connected to
  std::string authority_file{};              // PEM, of the servers' own TLS certificates; empty: the system's
  std::chrono::milliseconds timeout{2'000};  // for all of it
  std::size_t largest_bytes = 64 * 1024;     // of a certificate chain
};

class certificate_fetcher {
 public:
  explicit certificate_fetcher(fetch_options options);

  // What is there, unread. Nothing: no https URL, an address that the guard does not permit, another answer
  // than 200, too large, too slow. Redirections are not followed, proxies of the environment not asked.
  std::optional<std::string> fetch(const std::string& url) const;

  // Ends what is under way, and whatever is asked from now on.
  void abort() { *aborted_ = true; }

 private:
  fetch_options options_;
  std::shared_ptr<std::atomic<bool>> aborted_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace tollgate::gateway::identity
