// SPDX-License-Identifier: Apache-2.0
#include "gateway/device/request_fields.hpp"

#include <boost/json/value.hpp>
#include <boost/uuid/string_generator.hpp>
#include <ctime>

namespace tollgate::gateway::device {

const overlay::refusal unavailable{"unavailable", "That is not possible at the moment: try again in a minute."};

overlay::refusal bad_request(std::string text) {
  return {"bad_request", std::move(text)};
}

std::optional<std::string> text_of(const boost::json::object& body, std::string_view key) {
  const auto* value = body.if_contains(key);
  if (!value || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::optional<std::int64_t> integer_of(const boost::json::object& body, std::string_view key, std::int64_t absent, std::int64_t low,
                                       std::int64_t high) {
  const auto* value = body.if_contains(key);
  if (!value) return absent;
  if (!value->is_int64() || value->get_int64() < low || value->get_int64() > high) return std::nullopt;
  return value->get_int64();
}

std::optional<boost::uuids::uuid> id_of(const boost::json::object& body, std::string_view key) {
  const auto text = text_of(body, key);
  if (!text || text->size() != 36) return std::nullopt;
  try {
    return boost::uuids::string_generator{}(*text);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string time_text(std::chrono::system_clock::time_point at) {
  const auto seconds = std::chrono::system_clock::to_time_t(at);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

}  // namespace tollgate::gateway::device
