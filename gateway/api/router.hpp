// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: the table of resources, and the choice of the one that a request is for. Free of IO.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "gateway/api/access.hpp"
#include "gateway/api/http.hpp"
#include "gateway/api/services.hpp"

namespace tollgate::gateway::api {

using handler = boost::asio::awaitable<reply> (*)(services&, const request&);

enum class body_size : std::uint8_t {
  small,  ///< 1 MiB
  large,  ///< server_options::body_limit_bytes
};

struct route {
  std::string_view method;
  std::string_view pattern;  ///< "/v1/accounts/{}/balance": {} is any one segment
  handler handle;
  access who{};
  body_size size = body_size::small;
};

/// Whether the resource takes an Idempotency-Key: every POST of a token's that makes or moves something.
bool takes_key(const route& of);

/// Every resource.
std::span<const route> routes();

struct routing {
  const route* found = nullptr;
  std::string allowed;  ///< "GET, POST": the path is known, the method is not
};

/// Finds the route of a parsed target, and puts what stands for {} into to.parameters.
routing choose_route(std::span<const route> table, request& to);

}  // namespace tollgate::gateway::api
