// SPDX-License-Identifier: Apache-2.0
// Audio of a mailbox, in the pieces that fit into frames (overlay/wire.md, "Requests").
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "gateway/overlay/client.hpp"
#include "gateway/peer/command_line.hpp"
#include "gateway/peer/exit_code.hpp"
#include "gateway/peer/output.hpp"

namespace tollgate::gateway::peer {

/// The whole audio: `request` is asked with growing offsets until all of it has come. Refusals of the gateway;
/// overlay_error::protocol_violated where the pieces do not fit.
boost::asio::awaitable<overlay::answer<std::vector<std::byte>>> fetch_audio(overlay::client& client,
                                                                            boost::json::object request);

/// voicemail greeting list, set, play, delete.
boost::asio::awaitable<exit_code> run_greeting(overlay::client& client, output& out, const voicemail_command& command);

}  // namespace tollgate::gateway::peer
