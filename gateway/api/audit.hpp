// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: the audit log: who changed what, and what it was before and after. Append-only.
#pragma once

#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/http.hpp"
#include "gateway/api/services.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::gateway::api {

/// One request that may change something; a GET is passed over. Its line is begun before the change and ended after it, so that no
/// change by a token is without one, whatever ends in between. What it is about is seen by the GET of the same path or, where there
/// is none, in the list above it; what a POST made is its answer, and what the body set is told by itself. Passphrases, PINs, tokens and other secrets are left out; of
/// what is larger than 16 KiB the size is kept alone. Whoever has no token has a line where something was made; so has a subscriber, of whom what was refused is not kept.
class audited_change {
 public:
  /// What is referred to must outlive it.
  audited_change(services& with, const request& from, const std::string& target);

  /// Begins the line. A failure is logged and no more: live calls can be ended while the database is away.
  boost::asio::awaitable<void> note_before();
  /// Ends the line. The change itself stands, so a failure is logged and no more; the line is then listed without its outcome.
  boost::asio::awaitable<void> note_after(const reply& answer);

 private:
  boost::asio::awaitable<std::optional<boost::json::value>> look() const;
  boost::asio::awaitable<void> write(std::optional<unsigned> status) const;

  services& with_;
  const request& from_;
  const std::string& target_;
  std::optional<boost::json::value> before_, after_;
};

/// A line of what was made by the database itself, without the API: of no token, from "local".
void note_local_change(pqxx::transaction_base& tx, const char* method, const char* target, const boost::json::value& after);

/// The value with the strings of every field removed whose name says that it is a secret.
boost::json::value without_secrets(boost::json::value from);

}  // namespace tollgate::gateway::api
