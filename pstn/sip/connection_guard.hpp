// SPDX-License-Identifier: Apache-2.0
// The TCP and TLS connections of strangers: how many there may be, from one source and in all, and which of
// them have been silent for too long. Half a message is silence, and so is half a handshake. Free of IO.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "pstn/sip/user_agent.hpp"

namespace tollgate::pstn::sip {

class connection_guard {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using connection = const void*;  ///< names one for as long as it is open

  explicit connection_guard(connection_bounds bounds) : bounds_(bounds) {}

  /// Whether a stranger may open one more from there.
  bool admits(const source_address& from) const;
  /// One has been opened by a stranger.
  void opened(connection which, const source_address& from, time_point now);
  /// A whole message came from there; nothing if no stranger's connection has this address and port.
  void heard(const source_address& from, time_point now);
  /// It is gone; one that is not known is nobody's concern.
  void closed(connection which);
  /// Those that are to be cut, which it forgets: nothing whole came for `bounds.idle`. One whose source is no
  /// stranger any more, as `is_spared` says, is forgotten, too, and lives.
  std::vector<connection> take_idle(time_point now,
                                    const std::function<bool(const source_address&)>& is_spared);

  std::size_t size() const { return open_.size(); }

 private:
  struct entry {
    source_address from;
    time_point last;
  };
  void forget(std::unordered_map<connection, entry>::iterator which);

  const connection_bounds bounds_;
  std::unordered_map<connection, entry> open_;
  std::unordered_map<std::string, std::size_t> by_source_;
};

}  // namespace tollgate::pstn::sip
