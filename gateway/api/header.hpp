// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: headers of requests and answers as text. Free of IO.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

namespace tollgate::gateway::api {

/// Larger bodies are not copied once more to be sent with their head.
inline constexpr std::size_t sent_with_head_bytes = 16 << 10;

/// The status line and the header (RFC 9112 §2.1) as one piece: Beast's serializer would send some forty, which takes as long as the rest
/// of a short answer. There is room in it for a body that is sent with it.
std::string head_of(const boost::beast::http::response<boost::beast::http::string_body>& of);

/// Of a Content-Type: lower case, without parameters.
std::string media_type(std::string_view field);

/// The values of all fields of that name, in their order.
std::vector<std::string_view> fields_of(const boost::beast::http::fields& header, std::string_view name);

}  // namespace tollgate::gateway::api
