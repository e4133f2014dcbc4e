// SPDX-License-Identifier: Apache-2.0
// What of Sofia is the same for the whole process: initialisation, header classes, the digest plug-in, the
// log.
#pragma once

#include <functional>
#include <string_view>

namespace tollgate::pstn::sip {

/// Once in a process, before the first root; later calls do nothing. Thread-safe.
void prepare_stack();

/// Where the stack's warnings go that arise on this thread; the sink must outlive its use (nullptr ends it).
void set_stack_log(const std::function<void(std::string_view)>* sink);

}  // namespace tollgate::pstn::sip
