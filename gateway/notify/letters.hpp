// SPDX-License-Identifier: Apache-2.0
// What owners are told of a message: a letter, a webhook's body, a message summary (RFC 3842). Free of IO.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "gateway/notify/courier.hpp"
#include "voicemail/notification.hpp"

namespace tollgate::gateway::notify {

using wall_time = std::chrono::system_clock::time_point;

// "Thu, 26 Nov 2026 15:04:30 +0000" (RFC 5322 §3.3), whatever the machine's zone and language are.
std::string mail_date(wall_time at);

// About a message; `audio` (Ogg Opus) is attached. The Message-ID is the same for each attempt, so that a mail system that has the
// letter already can tell. `sender`: the address it comes from.
letter letter_of(const voicemail::notification& one, const std::string& sender, std::optional<std::vector<std::byte>> audio,
                 wall_time now);

// {"id", "event": "voicemail.new", "account_id", "message": {…}, "counts": {"new", "saved"}}: `id` is the same for each attempt.
std::string webhook_body(const voicemail::notification& one);

// The body of a NOTIFY of type application/simple-message-summary (RFC 3842 §5.2); `account`: the SIP URI of the mailbox.
std::string message_summary(const voicemail::message_counts& counts, const std::string& account);

}  // namespace tollgate::gateway::notify
