// SPDX-License-Identifier: Apache-2.0
// What becomes of devices and calls of this node when their subscribers' credentials end, wherever that was
// asked.
#pragma once

#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/uuid/uuid.hpp>

#include "gateway/call/call_registry.hpp"
#include "gateway/call/call_service.hpp"
#include "gateway/call/task_group.hpp"
#include "gateway/db/database.hpp"
#include "gateway/overlay/server.hpp"

namespace tollgate::gateway {

/// Whoever changes the pass-phrase, or has it done, may have lost the device: devices whose credentials are
/// good no more are disconnected, and what is spoken over them ends. Of somebody who is not active any more
/// every call ends, also one that no device is part of. Emergency calls go on. What could not be read, for
/// the database was away, is made good by catch_up().
class credential_watch {
 public:
  /// All must outlive it.
  credential_watch(db::database& database, overlay::server& overlay, const call::call_registry& registry,
                   call::call_service& calls, call::task_group& tasks)
      : database_(database), overlay_(overlay), registry_(registry), calls_(calls), tasks_(tasks) {}

  void check(const boost::uuids::uuid& account_id);
  /// Everybody who is attached here, or has a call.
  void check_all();
  void catch_up();

 private:
  boost::asio::awaitable<void> end(std::vector<boost::uuids::uuid> accounts);

  db::database& database_;
  overlay::server& overlay_;
  const call::call_registry& registry_;
  call::call_service& calls_;
  call::task_group& tasks_;
  bool doubtful_ = false;  // some may have ended unheard
};

}  // namespace tollgate::gateway
