// SPDX-License-Identifier: Apache-2.0
// What a person is told of an event of the gateway that is about no call (overlay/wire.md §8). Free of IO.
#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace tollgate::gateway::peer {

/// A sentence, of one or two clauses; never empty: of a kind that this peer does not know, its name.
std::string notice_text(std::string_view kind, const boost::json::object& body);

/// The body's members for a script's line: its own `event`, which tells a repeated event, becomes `key`.
boost::json::object notice_fields(std::string_view kind, const boost::json::object& body);

}  // namespace tollgate::gateway::peer
