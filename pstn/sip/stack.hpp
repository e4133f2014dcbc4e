// SPDX-License-Identifier: Apache-2.0
// What of Sofia is the same for the whole process: initialisation, header classes, the digest plug-in, the
// log.
#pragma once

#include <functional>
#include <string_view>

#include "pstn/sip/message_tap.hpp"

namespace tollgate::pstn::sip {

/// Once in a process, before the first root; later calls do nothing. Thread-safe.
void prepare_stack();

/// Where the stack's warnings go that arise on this thread; the sink must outlive its use (nullptr ends it).
void set_stack_log(const std::function<void(std::string_view)>* sink);

/// What sees the messages of this thread's transports (nullptr: nobody).
void set_stack_tap(message_tap* tap);

/// Asked before anything is made of a request that came in on this thread; false drops it without a trace of
/// it in the stack.
using request_filter = std::function<bool(const source_address& from, std::string_view sip_call_id)>;
void set_stack_filter(const request_filter* filter);

/// Whether a dialog of this Call-ID is confirmed and goes on. What refuses a refresh of it as 408 or 481 has the stack
/// end it by BYE then (RFC 4028 §10, RFC 3261 §12.2.1.2), and not as if it had never been.
using dialog_test = std::function<bool(std::string_view sip_call_id)>;
void set_dialog_test(const dialog_test* test);

/// Whether the stack is to send BYE after this response to a request of ours.
bool is_ended_by_bye(int status, int method, bool is_response_to_us) noexcept;

}  // namespace tollgate::pstn::sip
