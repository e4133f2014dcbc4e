// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: the audit log: who changed what, and what it was before and after. Append-only.
#pragma once

#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/http.hpp"
#include "gateway/api/services.hpp"

namespace tollgate::gateway::api {

/// One request that may change something; a GET is passed over. What it is about is seen by the GET of the
/// same path, where there is one; of a POST, it is the answer. Passphrases, PINs, tokens and other secrets
/// are left out, and what is larger than 16 KiB.
class audited_change {
 public:
  /// What is referred to must outlive it.
  audited_change(services& with, const request& from, const std::string& target);

  boost::asio::awaitable<void> note_before();
  /// Writes the line. Without it the change itself stands, so a failure is logged and no more.
  boost::asio::awaitable<void> note_after(const reply& answer);

 private:
  boost::asio::awaitable<std::optional<boost::json::value>> look() const;
  boost::asio::awaitable<void> write(unsigned status) const;

  services& with_;
  const request& from_;
  const std::string& target_;
  std::optional<boost::json::value> before_, after_;
};

/// The value with the strings of every field removed whose name says that it is a secret.
boost::json::value without_secrets(boost::json::value from);

}  // namespace tollgate::gateway::api
