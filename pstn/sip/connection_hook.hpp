// SPDX-License-Identifier: Apache-2.0
// Connections that the stack accepts and closes. It has no call for that, and its idle timer (TPTAG_IDLE)
// begins only after a message of a connection, and never runs while half of one is there.
#pragma once

#include "pstn/sip/user_agent.hpp"

namespace tollgate::pstn::sip {

class connection_watch {
 public:
  virtual ~connection_watch() = default;
  /// Before anything is made of a connection that was accepted; false closes it.
  virtual bool admits(const source_address& from) noexcept = 0;
  /// It has become `transport`, a tport_t.
  virtual void opened(const void* transport, const source_address& from) noexcept = 0;
  /// A transport, accepted or not, is about to be freed.
  virtual void closed(const void* transport) noexcept = 0;
};

/// Who is asked about the connections of this thread's stack (nullptr: nobody); must outlive its use.
void set_connection_watch(connection_watch* watch) noexcept;

/// Cuts a connection: the socket is closed at once.
void cut_connection(const void* transport) noexcept;

/// Whether the library is one that asks.
bool connections_are_watched() noexcept;

}  // namespace tollgate::pstn::sip
