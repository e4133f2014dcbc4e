// SPDX-License-Identifier: Apache-2.0
// A call's messages as people read them. Free of IO.
#pragma once

#include <string>

#include "gateway/trace/call_trace.hpp"

namespace tollgate::gateway::trace {

/// A ladder diagram: the gateway at the left, a column for each far end, a line for each message with the
/// seconds since the first. `with_texts`: the whole messages below it. Control characters of the far ends
/// become dots.
std::string to_ladder(const call_trace& call, bool with_texts);

}  // namespace tollgate::gateway::trace
