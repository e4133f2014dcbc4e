// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: what somebody does with the pass-phrase that is one's own; as resources.hpp.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "gateway/api/http.hpp"
#include "gateway/api/services.hpp"

namespace tollgate::gateway::api {

boost::asio::awaitable<reply> change_passphrase(services& with, const request& from);

}  // namespace tollgate::gateway::api
