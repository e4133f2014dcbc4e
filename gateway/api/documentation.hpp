// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: the API's document for people, a page that draws /v1/openapi.json.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "gateway/api/http.hpp"
#include "gateway/api/services.hpp"

namespace tollgate::gateway::api {

boost::asio::awaitable<reply> get_documentation(services& with, const request& from);         // /v1/docs
boost::asio::awaitable<reply> get_documentation_script(services& with, const request& from);  // /v1/docs/page.js
boost::asio::awaitable<reply> get_documentation_style(services& with, const request& from);   // /v1/docs/page.css

}  // namespace tollgate::gateway::api
