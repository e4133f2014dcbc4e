// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/device: what the bodies of requests and their answers are made of. Free of IO.
#pragma once

#include <boost/json/object.hpp>
#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/overlay/error.hpp"

namespace tollgate::gateway::device {

inline constexpr std::int64_t chunk_bytes = 8192;  // of audio in one frame

extern const overlay::refusal unavailable;
overlay::refusal bad_request(std::string text);

// Nothing where it is absent or something else.
std::optional<std::string> text_of(const boost::json::object& body, std::string_view key);
std::optional<boost::uuids::uuid> id_of(const boost::json::object& body, std::string_view key);
// An integer in the range, or the default when it is absent; nothing when it is something else.
std::optional<std::int64_t> integer_of(const boost::json::object& body, std::string_view key, std::int64_t absent, std::int64_t low,
                                       std::int64_t high);

std::string time_text(std::chrono::system_clock::time_point at);  // RFC 3339, to the second, UTC

}  // namespace tollgate::gateway::device
