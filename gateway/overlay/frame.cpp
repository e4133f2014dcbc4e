// SPDX-License-Identifier: Apache-2.0
// Reading and writing frames.
#include "gateway/overlay/frame.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "gateway/overlay/encoding.hpp"

namespace tollgate::gateway::overlay {
namespace {

constexpr std::size_t type_size_max = 32;
constexpr std::size_t to_size_max_bytes = 256;
constexpr std::uint64_t id_max = (1ULL << 53) - 1;  // what JavaScript counts exactly

bool is_type(std::string_view text) noexcept {
  return !text.empty() && text.size() <= type_size_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

bool is_destination(std::string_view text) noexcept {
  return text.size() <= to_size_max_bytes &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

// Reads an optional text member; false when it is there and not a text of the wanted form.
bool read_text(const boost::json::object& object, std::string_view name,
               bool (*wanted)(std::string_view) noexcept, std::string& into) {
  const auto* member = object.if_contains(name);
  if (member == nullptr) return true;
  if (!member->is_string() || !wanted(member->get_string())) return false;
  into = member->get_string();
  return true;
}

}  // namespace

std::optional<std::string_view> find_text(const boost::json::object& body, std::string_view name) noexcept {
  const auto* member = body.if_contains(name);
  if (member == nullptr || !member->is_string()) return std::nullopt;
  return member->get_string();
}

std::optional<std::int64_t> find_integer(const boost::json::object& body, std::string_view name) noexcept {
  const auto* member = body.if_contains(name);
  if (member == nullptr || !member->is_int64())  // an unsigned kind only holds what exceeds an int64
    return std::nullopt;
  return member->get_int64();
}

bool is_call_id(std::string_view text) noexcept {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (dash ? text[i] != '-' : !digit) return false;
  }
  return true;
}

std::string make_call_id() {
  boost::uuids::uuid id;
  fill_random(std::as_writable_bytes(std::span(id.data)));
  id.data[6] = static_cast<std::uint8_t>((id.data[6] & 0x0f) | 0x40);  // RFC 9562 §5.4: version 4
  id.data[8] = static_cast<std::uint8_t>((id.data[8] & 0x3f) | 0x80);
  return boost::uuids::to_string(id);
}

boost::system::result<frame> parse_frame(std::string_view text) {
  if (text.size() > frame_size_max_bytes) return overlay_error::frame_too_large;
  boost::json::parse_options options;
  options.max_depth = 16;
  boost::system::error_code error;
  auto value = boost::json::parse(text, error, {}, options);
  if (error || !value.is_object()) return overlay_error::frame_malformed;
  auto& object = value.get_object();
  const auto version = find_integer(object, "v");
  if (!version) return overlay_error::frame_malformed;
  if (*version != 1) return overlay_error::frame_unsupported;

  frame result;
  if (!read_text(object, "t", is_type, result.type) || result.type.empty() ||
      !read_text(object, "to", is_destination, result.to) ||
      !read_text(object, "call", is_call_id, result.call))
    return overlay_error::frame_malformed;
  if (const auto* id = object.if_contains("id")) {
    if (!id->is_int64() || id->get_int64() < 0 || static_cast<std::uint64_t>(id->get_int64()) > id_max)
      return overlay_error::frame_malformed;
    result.id = static_cast<std::uint64_t>(id->get_int64());
  }
  if (auto* body = object.if_contains("body")) {
    if (!body->is_object()) return overlay_error::frame_malformed;
    result.body = std::move(body->get_object());
  }
  return result;
}

boost::system::result<std::string> to_text(const frame& content) {
  boost::json::object object{{"v", 1}, {"t", content.type}};
  if (content.id) object["id"] = *content.id;
  if (!content.to.empty()) object["to"] = content.to;
  if (!content.call.empty()) object["call"] = content.call;
  object["body"] = content.body;
  auto text = boost::json::serialize(object);
  if (text.size() > frame_size_max_bytes) return overlay_error::frame_too_large;
  return text;
}

}  // namespace tollgate::gateway::overlay
