// SPDX-License-Identifier: Apache-2.0
// Takes the secrets out of a SIP message before it is kept: credentials (RFC 3261 §20.7, §20.28), keys of
// media (RFC 4568, RFC 3830, RFC 8866 §5.12), passwords of ICE, digits in an INFO (they may be a PIN). Free
// of IO.
#pragma once

#include <string>

namespace tollgate::gateway::trace {

/// Each character of a secret becomes an 'x': the message keeps its length, and with it its Content-Length.
std::string redacted(std::string message);

}  // namespace tollgate::gateway::trace
