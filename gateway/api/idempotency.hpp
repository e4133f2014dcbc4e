// SPDX-License-Identifier: Apache-2.0
// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a request that makes or moves something is carried out once,
// however often it is sent, and answered the same for 24 hours.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/http.hpp"
#include "gateway/api/router.hpp"
#include "gateway/api/services.hpp"

namespace tollgate::gateway::api {

/// The key in a header field, with or without the quotes of a structured string (RFC 8941 §3.3.3): 1 to 255 visible
/// characters. Nothing: malformed.
std::optional<std::string> read_idempotency_key(std::string_view field);

/// Takes the secrets out of an answer that is kept, and what makes it larger than `most_bytes`; "left_out" lists their names.
boost::json::value without_unkept(boost::json::value from, std::size_t most_bytes);

/// One request with a key. A row is made before it is carried out. If the node ends between its work and the note of
/// the answer, the row is free again after a while, and the request is carried out again under the same id: the ledger,
/// orders, accounts, carriers, trunks and tokens know it, and nothing happens twice.
class keyed_request {
 public:
  /// What is referred to must outlive it. Keys are those of the token's family: a rotated token goes on with them. The fingerprint
  /// is keyed by the gateways' own secret (server_options::voucher_key).
  /// Large bodies are hashed, and large answers prepared, on `pool`.
  keyed_request(services& with, request& from, const route& of, std::string key, boost::asio::thread_pool& pool);

  /// Nothing: carry it out; from.made_id is set. Else the answer: the kept one (Idempotency-Replayed: true), 422
  /// idempotency_key_reused (another request), 409 idempotency_key_in_use (it is being carried out), or that of a
  /// database that is away.
  boost::asio::awaitable<std::optional<reply>> begin();
  /// Keeps the answer if it is final. What was refused for its form (400, 413, 415, 422) or rate (429) has not been carried
  /// out and frees the key; after 5xx the same request may be sent again at once.
  boost::asio::awaitable<void> end(const reply& answer);

 private:
  boost::asio::awaitable<std::string> fingerprint();

  services& with_;
  request& from_;
  const route& of_;
  const std::string key_;
  boost::asio::thread_pool& pool_;
};

}  // namespace tollgate::gateway::api
