// SPDX-License-Identifier: Apache-2.0
// What everybody may call: what was set at run time, which holds for every node, or else what this one's
// configuration says.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "gateway/db/database.hpp"
#include "pstn/number/dial_policy.hpp"

namespace tollgate::gateway {

class dial_policy_watch {
 public:
  /// `in_force` is kept up to date by what is read; `configured` makes that of the configuration. All must
  /// outlive it.
  dial_policy_watch(db::database& database, pstn::number::dial_policy& in_force,
                    std::function<pstn::number::dial_policy()> configured)
      : database_(database), in_force_(in_force), configured_(std::move(configured)) {}

  /// False: the database did not answer.
  boost::asio::awaitable<bool> read();
  /// The same for whoever asks nothing.
  boost::asio::awaitable<void> refresh();
  /// Whether a reading has failed, and none was made since.
  bool stale() const { return stale_; }

 private:
  db::database& database_;
  pstn::number::dial_policy& in_force_;
  std::function<pstn::number::dial_policy()> configured_;
  std::uint64_t asked_ = 0, answered_ = 0;  // questions; the one whose answer is in force
  bool stale_ = false;
};

}  // namespace tollgate::gateway
