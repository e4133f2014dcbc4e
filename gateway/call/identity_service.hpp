// SPDX-License-Identifier: Apache-2.0
// What calls ask of the room that signs and verifies callers' numbers (gateway/identity).
#pragma once

#include <boost/asio/awaitable.hpp>

#include "pstn/identity/signer.hpp"
#include "pstn/identity/verification.hpp"

namespace tollgate::gateway::call {

// What becomes of a call in, by the verdict on it.
enum class identity_policy {
  tell,           // the device and the record are told, no more
  refuse_failed,  // an Identity that does not hold is refused (RFC 8224 §6.2.2)
  require,        // and a call without one, too (428)
};

class identity_service {
 public:
  virtual ~identity_service() = default;

  // nullptr: nothing is signed.
  virtual const pstn::identity::signer* signs() const = 0;
  // False: nothing is verified, and there are no verdicts.
  virtual bool verifies() const = 0;
  virtual identity_policy policy() const = 0;
  // Takes a few seconds at most.
  virtual boost::asio::awaitable<pstn::identity::verdict> verify(pstn::identity::claimed_call call) = 0;
};

}  // namespace tollgate::gateway::call
