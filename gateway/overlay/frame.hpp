// SPDX-License-Identifier: Apache-2.0
// The signalling frame of subprotocol tollgate.1: a JSON object {v,t,id,to,call,body} of at most 16 KiB in
// one WebSocket text message. wire.md "Frames" is the specification. Free of IO.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/overlay/error.hpp"

namespace tollgate::gateway::overlay {

inline constexpr std::size_t frame_size_max_bytes = 16 * 1024;
inline constexpr std::string_view subprotocol = "tollgate.1";

struct frame {
  std::string type;                      // "t": 1 to 32 of a-z and _
  std::optional<std::uint64_t> id = {};  // of a request, and repeated in what replies to it; below 2^53
  std::string to = {};                   // of an offer: whom; at most 256 bytes without control characters
  std::string call = {};                 // uuid in lower-case canonical text, or empty
  boost::json::object body = {};
};

// Strict in what is known, silent about unknown members. At most 16 levels of nesting. Errors:
// frame_too_large, frame_malformed, frame_unsupported.
boost::system::result<frame> parse_frame(std::string_view text);

// Errors: frame_too_large.
boost::system::result<std::string> to_text(const frame& content);

// The member of a body, when it is there and of this kind.
std::optional<std::string_view> find_text(const boost::json::object& body, std::string_view name) noexcept;
std::optional<std::int64_t> find_integer(const boost::json::object& body, std::string_view name) noexcept;

bool is_call_id(std::string_view text) noexcept;  // a lower-case uuid of 36 characters
std::string make_call_id();                       // a random one (version 4)

}  // namespace tollgate::gateway::overlay
