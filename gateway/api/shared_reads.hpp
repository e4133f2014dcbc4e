// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: what many ask for at once is read once for all of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>

#include "billing/credit_life.hpp"
#include "billing/credit_view.hpp"
#include "gateway/api/database_share.hpp"

namespace tollgate::gateway::db {
class database;
}

namespace tollgate::gateway::api {

/// Belongs to one thread: that of `executor`, on which everything is awaited.
class shared_reads {
 public:
  static constexpr std::chrono::seconds oldest_counts{1};

  shared_reads(boost::asio::any_io_executor executor, db::database& database, const database_share& share,
               const billing::lapse_policy& policy);
  shared_reads(const shared_reads&) = delete;
  shared_reads& operator=(const shared_reads&) = delete;

  /// Whoever asks while a statement is under way joins the next one, so that a busy server asks the database once for all who wait and
  /// not once for each. Nothing is remembered: a statement is sent after everybody whom it answers has asked, and so tells every
  /// change that was committed before. Nothing: there is no such account. Errors: db::errc.
  boost::asio::awaitable<boost::system::result<std::optional<billing::credit_view>>> find_credit(boost::uuids::uuid account_id);

  using fraud_counts = std::map<std::string, std::int64_t>;
  /// How often which limit against fraud was reached, by measure: as it was at most `oldest_counts` ago. Nothing: the database does
  /// not answer at once.
  boost::asio::awaitable<std::optional<fraud_counts>> count_fraud();

  /// Statements that have been sent, for tests.
  std::size_t statements() const { return statements_; }

 private:
  struct batch;
  struct turn;
  struct counting;
  boost::asio::awaitable<void> carry_out(std::shared_ptr<batch> wanted);

  boost::asio::any_io_executor executor_;
  db::database& database_;
  database_share share_;
  const billing::lapse_policy& policy_;
  std::shared_ptr<batch> gathering_;  // not sent yet
  boost::asio::steady_timer place_;   // cancelled when a statement is over
  std::size_t under_way_ = 0, statements_ = 0;
  std::shared_ptr<counting> counted_;  // the newest, or the one that is under way
};

}  // namespace tollgate::gateway::api
