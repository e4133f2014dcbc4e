// SPDX-License-Identifier: Apache-2.0
// The REST API: HTTP/1.1 (RFC 9112) with JSON bodies under /v1, beside /health, /ready and /metrics. Bearer
// tokens (RFC 6750), problems by RFC 9457. Runs as coroutines on the io_context that it is given.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "billing/credit_life.hpp"
#include "billing/money.hpp"
#include "billing/rating.hpp"
#include "billing/voucher.hpp"
#include "gateway/api/certificate_files.hpp"
#include "gateway/api/forwarded.hpp"
#include "gateway/api/operations.hpp"
#include "pstn/number/dial_policy.hpp"
#include "voicemail/audio_keys.hpp"
#include "voicemail/mailbox_store.hpp"

namespace tollgate::gateway::db {
class database;
}
namespace tollgate::gateway::subscriber {
class login_desk;
class passphrase_hasher;
}  // namespace tollgate::gateway::subscriber

namespace tollgate::gateway::api {

struct server_options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0: any free one
  std::uint64_t body_limit_bytes = 32 << 20;
  std::chrono::seconds request_timeout{60};
  /// A client's header must be here after so long, and a body goes on at 64 KiB a second after so long: else it is cut.
  std::chrono::milliseconds slow_client{30'000};
  std::size_t connections = 256;  ///< one more takes the place of the one that has been idle for longest
  std::uint32_t requests_per_minute = 6'000;       ///< of one token; 0: any number
  std::uint32_t open_requests_per_minute = 1'200;  ///< of one address without a good token; 0: any number
  std::size_t streams = 64;  ///< of events and of files, at once; a quarter is kept for staff
  std::chrono::milliseconds stream_check{5'000};  ///< how often a stream tells that it is there, and whether its token still is, is looked at
  std::size_t database_connections = 8;  ///< that the pool has: calls wait in the same queue (database_share.hpp)
  address_set trusted_proxies{};  ///< whose word is taken for whom a request comes from
  certificate_files::paths tls;                    ///< without them: plain HTTP
  std::string currency = "EUR";   ///< of new accounts
  billing::standard_decks decks;  ///< of new accounts, and the ones /v1/rates reads
  std::string region = "DE";      ///< of new accounts that name none
  std::chrono::seconds ring_timeout{20};
  billing::money least_topup = billing::units(10);
  std::string webhook_secret;  ///< of POST /v1/payment_events; empty: refused
  billing::lapse_policy lapse;
  billing::voucher_key voucher_key{};
  voicemail::audio_keys audio_keys{};  ///< of recordings at rest
  voicemail::mailbox_quota mailbox{};   ///< of mailboxes that have no limits of their own
  std::chrono::days keep_messages{0};   ///< likewise; zero: until they are deleted
  std::string node;                     ///< this one's name
  pstn::number::dial_policy dial_policy{};   ///< of this node's configuration
  std::vector<std::string> emergency_trunks{};  ///< likewise: their names, in order
};

class server {
 public:
  /// Nothing is opened yet. What is referred to must outlive the server.
  server(boost::asio::io_context& context, server_options options, db::database& database,
         subscriber::passphrase_hasher& hasher, subscriber::login_desk& logins, operations& gateway);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Binds and begins to accept. Throws boost::system::system_error if the address cannot be bound.
  void start();
  std::uint16_t port() const;

  /// Somewhere tokens were revoked: all are looked up again.
  void forget_tokens();

  /// Stops accepting, lets requests finish that are under way (at most 2 s), then cuts the rest. Returns when
  /// every coroutine of the server has ended.
  boost::asio::awaitable<void> stop();

 private:
  class implementation;
  std::shared_ptr<implementation> implementation_;
};

}  // namespace tollgate::gateway::api
