// SPDX-License-Identifier: Apache-2.0
// This node's row among the gateways on the database, and what others ask of it there.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "gateway/api/node_store.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway {

class node_record {
 public:
  /// `obey` does what another node has asked of this run. All must outlive it.
  node_record(db::database& database, api::operations& node, const boost::uuids::uuid& instance,
              std::function<void(api::node_wish)> obey)
      : database_(database), node_(node), instance_(instance), obey_(std::move(obey)) {}

  /// Writes the row as the node is now. Asked while it is being written, it is written once more.
  boost::asio::awaitable<void> write();

 private:
  db::database& database_;
  api::operations& node_;
  const boost::uuids::uuid& instance_;
  std::function<void(api::node_wish)> obey_;
  bool writing_ = false, again_ = false, fresh_ = true;
  std::int64_t obeyed_ = 0;  // the newest order
};

}  // namespace tollgate::gateway
