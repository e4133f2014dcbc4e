// SPDX-License-Identifier: Apache-2.0
// Conversions between events' values and PostgreSQL's text format. Private to the module.
#pragma once

#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <chrono>
#include <optional>
#include <pqxx/result>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::gateway::events::sql {

inline std::string text(const std::optional<boost::uuids::uuid>& id) {
  return id ? boost::uuids::to_string(*id) : std::string();
}

inline std::optional<boost::uuids::uuid> uuid(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional(boost::uuids::string_generator()(field.c_str()));
}

/// Microseconds since 1970; empty: none.
inline std::string micros(const std::optional<std::chrono::system_clock::time_point>& at) {
  return at ? std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(at->time_since_epoch()).count()) : std::string();
}

/// A PostgreSQL array of texts: {"one","two"}.
inline std::string array(const std::vector<std::string>& values) {
  std::string out = "{";
  for (const auto& one : values) {
    out += out.size() > 1 ? ",\"" : "\"";
    for (const char c : one) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "}";
}

inline constexpr std::string_view event_columns =
    "position, event_id, type, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS at, account_id, carrier_id, "
    "resource, data";

}  // namespace tollgate::gateway::events::sql
