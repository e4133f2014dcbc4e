// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: where the owner of a mailbox is told of messages. As resources.hpp.
#pragma once

#include "gateway/api/http.hpp"
#include "gateway/api/services.hpp"

namespace tollgate::gateway::api {

boost::asio::awaitable<reply> get_notifications(services& with, const request& from);
boost::asio::awaitable<reply> set_notifications(services& with, const request& from);

}  // namespace tollgate::gateway::api
