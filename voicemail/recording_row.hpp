// SPDX-License-Identifier: Apache-2.0
// Inside of voicemail: what an encrypted recording is bound to, and its bytes on the way to and from a row.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <cstddef>
#include <pqxx/binarystring>
#include <pqxx/result>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "voicemail/sql.hpp"

namespace tollgate::voicemail {

inline std::string message_row(const boost::uuids::uuid& account_id, const boost::uuids::uuid& message_id) {
  return "message/" + sql::text(account_id) + "/" + sql::text(message_id);
}

inline std::string greeting_row(const boost::uuids::uuid& account_id, std::string_view situation) {
  return "greeting/" + sql::text(account_id) + "/" + std::string{situation};
}

inline std::vector<std::byte> bytes_of(const pqxx::field& field) {
  const pqxx::binarystring bytes{field};
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
  return {begin, begin + bytes.size()};
}

inline pqxx::binarystring bytea_of(std::span<const std::byte> bytes) {
  return pqxx::binarystring{bytes.data(), bytes.size()};
}

inline sql::nullable key_of(const std::string& key_id) {
  return key_id.empty() ? sql::nullable{} : sql::nullable{key_id};
}

}  // namespace tollgate::voicemail
