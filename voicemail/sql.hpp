// SPDX-License-Identifier: Apache-2.0
// How this room's values travel to and from SQL parameters and fields. Private to the room's stores.
#pragma once

#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <pqxx/field>
#include <string>

namespace tollgate::voicemail::sql {

// PostgreSQL keeps microseconds; see voicemail.to_time and voicemail.to_micros.
inline std::int64_t micros(std::chrono::system_clock::time_point at) {
  return std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
}

inline std::chrono::system_clock::time_point time(const pqxx::field& field) {
  return std::chrono::system_clock::time_point{std::chrono::microseconds{field.as<std::int64_t>()}};
}

inline std::optional<std::chrono::system_clock::time_point> optional_time(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return time(field);
}

inline boost::uuids::uuid uuid(const pqxx::field& field) {
  return boost::uuids::string_generator{}(field.c_str());
}

inline std::optional<boost::uuids::uuid> optional_uuid(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return uuid(field);
}

inline std::string text(const boost::uuids::uuid& id) {
  return boost::uuids::to_string(id);
}

// A parameter that may be null: libpqxx 6 takes a null pointer for it. It must outlive the statement.
class nullable {
 public:
  nullable() = default;
  explicit nullable(std::string value) : value_{std::move(value)} {}
  explicit nullable(const std::optional<boost::uuids::uuid>& id) {
    if (id) value_ = text(*id);
  }
  const char* get() const { return value_ ? value_->c_str() : nullptr; }

 private:
  std::optional<std::string> value_;
};

}  // namespace tollgate::voicemail::sql
