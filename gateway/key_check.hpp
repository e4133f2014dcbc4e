// SPDX-License-Identifier: Apache-2.0
// Whether this node's secrets are those that the database is used with, told before anything is done with them. Each throws
// std::runtime_error with a sentence for the operator.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "gateway/configuration.hpp"
#include "gateway/db/database.hpp"
#include "voicemail/recording_keys.hpp"

namespace tollgate::gateway {

/// With a key missing, or another one by its name, mailboxes would fall silent one message at a time, and what is recorded meanwhile
/// be lost to whoever has the right one.
boost::asio::awaitable<void> check_audio_keys(db::database& database, const configuration& settings, const voicemail::audio_keys& keys);

/// A node with another one would take no voucher of the others', and refuse what is repeated there under an Idempotency-Key. The key of
/// the first node that comes is the one.
boost::asio::awaitable<void> check_voucher_key(db::database& database, const configuration& settings);

}  // namespace tollgate::gateway
