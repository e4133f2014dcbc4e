// SPDX-License-Identifier: Apache-2.0
// /v1/openapi.json: what this gateway's API is, as it was built.
#include "gateway/api/resources.hpp"

namespace tollgate::gateway::api {

std::string_view openapi_document();  // gateway/api/openapi.json, made a unit of by embed.cmake

boost::asio::awaitable<reply> get_document(services&, const request&) {
  reply out;
  out.body = openapi_document();
  co_return out;
}

}  // namespace tollgate::gateway::api
