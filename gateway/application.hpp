// SPDX-License-Identifier: Apache-2.0
// The composition root of `tollgate serve`: builds every object, hands each its collaborators, runs until
// told to stop, and takes everything down in the opposite order.
#pragma once

#include "gateway/configuration.hpp"

namespace tollgate::gateway {

// Runs the gateway. Returns 0 after SIGTERM (drained) or SIGINT (stopped at once), 1 when it could not start:
// the reason is in the log and on standard error.
int run(const configuration& settings);

}  // namespace tollgate::gateway
