// SPDX-License-Identifier: Apache-2.0
// A connection before it is a device's session: hello, login, attach. For the sources of this room only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "gateway/overlay/device_session.hpp"
#include "gateway/overlay/server_core.hpp"

namespace tollgate::gateway::overlay {

// Serves one accepted connection to its end.
boost::asio::awaitable<void> serve_connection(std::shared_ptr<server_core> core,
                                              std::shared_ptr<link> connection, std::string remote_address);

}  // namespace tollgate::gateway::overlay
