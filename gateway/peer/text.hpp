// SPDX-License-Identifier: Apache-2.0
// Amounts and durations as text, and members of JSON objects that came from outside. Free of IO.
#pragma once

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tollgate::gateway::peer {

/// "EUR 0.017": micro-units of the currency, at least two decimals, no superfluous zeros after them.
std::string amount_text(std::int64_t micros, std::string_view currency);

/// "1:05", "1:00:05".
std::string duration_text(std::chrono::seconds duration);

/// The text without control characters but line ends: what a gateway sends must not drive the terminal.
std::string printable(std::string_view text);

/// "Bob (+442079460958), unverified", "withheld": carriers let callers say anything, and a number for which nobody vouches is told as
/// that. `verdict` as `from_verdict` in wire.md §5.
std::string caller_text(const std::string& number, const std::string& name, std::string_view verdict);

/// A member of the kind asked for, or nothing.
std::optional<std::string> text_member(const boost::json::object& object, std::string_view key);
std::optional<std::int64_t> integer_member(const boost::json::object& object, std::string_view key);

}  // namespace tollgate::gateway::peer
