// SPDX-License-Identifier: Apache-2.0
// Checks a subscriber's pass-phrase: lock-out, Argon2id on threads of its own, answer. Coroutines; the work
// blocks elsewhere.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>

#include "gateway/subscriber/subscriber_store.hpp"

namespace tollgate::gateway::db {
class database;
}

namespace tollgate::gateway::subscriber {

/// Argon2id (RFC 9106) on a few threads, so that a flood of log-ins takes neither the signalling thread nor
/// the database's.
class passphrase_hasher {
 public:
  explicit passphrase_hasher(std::size_t threads = 2, std::size_t queue_limit = 64);
  ~passphrase_hasher();
  passphrase_hasher(const passphrase_hasher&) = delete;
  passphrase_hasher& operator=(const passphrase_hasher&) = delete;

  /// The encoded hash ("$argon2id$..."). passphrase_unsuitable, overloaded.
  boost::asio::awaitable<boost::system::result<std::string>> hash(std::string passphrase);
  /// overloaded
  boost::asio::awaitable<boost::system::result<bool>> verify(std::string encoded, std::string passphrase);
  /// Joins the threads. Call it before the io_context whose coroutines wait here is destroyed. Idempotent.
  void stop();

 private:
  struct threads;
  std::unique_ptr<threads> threads_;
};

/// The log-in of the overlay's authority and of whoever else asks for a pass-phrase.
class login_desk {
 public:
  /// Waits for a place among those who may use the database at once; it is given back with the pointer's end. Null: none became free.
  using gate = std::function<boost::asio::awaitable<std::shared_ptr<void>>()>;

  login_desk(db::database& database, passphrase_hasher& hasher, login_limits limits);

  /// wrong_passphrase (also for an unknown or malformed name, after the same time), locked_out, blocked,
  /// overloaded, or an error of the database (db::errc): then nobody is let in. Each step in the database is done in a place of
  /// `entered`, if there is one.
  boost::asio::awaitable<boost::system::result<subscriber_record>> check(std::string name,
                                                                         std::string passphrase,
                                                                         std::string address, gate entered = {});

 private:
  boost::asio::awaitable<boost::system::result<login_attempt>> begin(const std::string& name, const std::string& address, const gate& entered);
  boost::asio::awaitable<boost::system::result<void>> forgive(const std::string& name, const std::string& address, const gate& entered);

  db::database& database_;
  passphrase_hasher& hasher_;
  const login_limits limits_;
};

}  // namespace tollgate::gateway::subscriber
