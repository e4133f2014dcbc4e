// SPDX-License-Identifier: Apache-2.0
// Targets, JSON replies and problems.
#include "gateway/api/http.hpp"

#include "gateway/api/csv_body.hpp"

#include <algorithm>
#include <charconv>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace tollgate::gateway::api {
namespace {

constexpr std::size_t most_segments = 16, most_query_names = 32;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// RFC 3629: PostgreSQL takes no other text, and JSON goes out with what came in.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto at = [&](std::size_t k) {
      return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U;
    };
    const unsigned lead = at(0);
    const std::size_t more = lead < 0x80   ? 0
                             : lead < 0xC2 ? 9
                             : lead < 0xE0 ? 1
                             : lead < 0xF0 ? 2
                             : lead < 0xF5 ? 3
                                           : 9;
    if (more == 9) return false;
    for (std::size_t k = 1; k <= more; ++k)
      if ((at(k) & 0xC0) != 0x80) return false;
    const bool overlong = (lead == 0xE0 && at(1) < 0xA0) || (lead == 0xF0 && at(1) < 0x90);
    const bool outside = (lead == 0xED && at(1) > 0x9F) || (lead == 0xF4 && at(1) > 0x8F);
    if (overlong || outside) return false;
    i += more + 1;
  }
  return true;
}

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  if (!is_utf8(out)) return std::nullopt;
  return out;
}

const char* title_of(unsigned status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Internal Server Error";
  }
}

bool parse_query(std::string_view text, std::map<std::string, std::string>& out) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    // A bare plus is kept: numbers are written "+44…", and no name or value of ours has a space encoded so.
    const auto name = decode(pair.substr(0, equals));
    const auto value =
        decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
    if (!name || !value || out.size() >= most_query_names || !out.emplace(*name, *value).second) return false;
  }
  return true;
}

}  // namespace

bool is_plain_text(std::string_view body) {
  return body.find('\0') == std::string_view::npos && is_utf8(body);
}

reply not_plain_text() {
  return problem(400, "malformed_csv", "The body is not UTF-8, or has a NUL in it.");
}

bool parse_target(std::string_view target, request& out) {
  if (!target.starts_with('/')) return false;
  const std::size_t question = target.find('?');
  std::string_view path = target.substr(1, question == std::string_view::npos ? question : question - 1);
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(segment.size() + 1, path.size()));
    const auto text = decode(segment);
    if (!text || out.path.size() >= most_segments) return false;
    out.path.push_back(*text);
  }
  return question == std::string_view::npos || parse_query(target.substr(question + 1), out.query);
}

reply json_reply(unsigned status, const boost::json::value& body) {
  reply out;
  out.status = status;
  out.body = boost::json::serialize(body) + "\n";
  return out;
}

namespace {

// "bytes=0-499", "bytes=500-", "bytes=-500" within so many bytes: first and last. Empty: no such range.
struct byte_range {
  std::size_t first = 0, last = 0;
};
enum class range_kind { none, within, beyond };

std::optional<std::size_t> whole_number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

range_kind read_range(std::string_view text, std::size_t size, byte_range& out) {
  constexpr std::string_view unit = "bytes=";
  if (!text.starts_with(unit)) return range_kind::none;
  text.remove_prefix(unit.size());
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return range_kind::none;
  const auto first = whole_number(text.substr(0, dash)), last = whole_number(text.substr(dash + 1));
  if (dash == 0) {  // so many at the end
    if (!last) return range_kind::none;
    if (*last == 0 || size == 0) return range_kind::beyond;
    out = {size - std::min(*last, size), size - 1};
    return range_kind::within;
  }
  if (!first || (!last && dash + 1 != text.size()) || (last && *last < *first)) return range_kind::none;
  if (*first >= size) return range_kind::beyond;
  out = {*first, std::min(last.value_or(size - 1), size - 1)};
  return range_kind::within;
}

}  // namespace

reply ranged_reply(const request& from, std::string content_type, std::string body) {
  byte_range range;
  const auto size = body.size();
  const auto kind = read_range(from.range, size, range);
  if (kind == range_kind::beyond) {
    reply out = problem(416, "range_unsatisfiable", "The range lies beyond the end.");
    out.headers.emplace_back("Content-Range", "bytes */" + std::to_string(size));
    return out;
  }
  reply out;
  out.content_type = std::move(content_type);
  out.headers.emplace_back("Accept-Ranges", "bytes");
  if (kind == range_kind::none) {
    out.body = std::move(body);
    return out;
  }
  out.status = 206;
  out.headers.emplace_back("Content-Range", "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" +
                                                std::to_string(size));
  out.body = body.substr(range.first, range.last - range.first + 1);
  return out;
}

reply problem(unsigned status, std::string_view code, std::string_view detail,
              const std::vector<field_error>& errors) {
  boost::json::object body{{"type", "about:blank"},
                           {"title", title_of(status)},
                           {"status", status},
                           {"code", code},
                           {"detail", detail}};
  if (!errors.empty()) {
    boost::json::array list;
    for (const field_error& each : errors) {
      boost::json::object one{{"field", each.field}, {"detail", each.text}};
      if (each.in_query) one["parameter"] = each.field;
      if (!each.pointer.empty()) one["pointer"] = each.pointer;
      list.push_back(std::move(one));
    }
    body["errors"] = std::move(list);
  }
  reply out = json_reply(status, body);
  out.content_type = "application/problem+json";
  out.code = code;
  if (status == 401) out.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (status == 503) out.headers.emplace_back("Retry-After", "1");
  return out;
}

std::string json_pointer(std::string_view member) {
  std::string out = "/";
  for (const char c : member) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

void point_at(reply& out, const request& from) {
  if (out.about.empty()) return;
  boost::system::error_code error;
  const auto body = boost::json::parse(from.body, error);
  const auto* const fields = error ? nullptr : body.if_object();
  auto told = boost::json::parse(out.body, error);
  if (error || !told.is_object()) return;
  for (const std::string_view each : out.about)
    for (const std::string& name : {std::string(each), std::string(each) + "_micros"}) {
      const bool in_query = from.query.contains(name);
      if (!in_query && (fields == nullptr || !fields->contains(name))) continue;
      boost::json::object one{{"field", name}, {"detail", told.at("detail")}};
      one[in_query ? "parameter" : "pointer"] = in_query ? name : json_pointer(name);
      told.as_object()["errors"] = boost::json::array{std::move(one)};
      out.body = boost::json::serialize(told) + "\n";
      return;
    }
}

void name_request(reply& out, const uuid& request_id) {
  if (out.content_type != "application/problem+json") return;
  // The body is an object of ours, made by json_reply: it ends in its brace.
  const std::size_t brace = out.body.rfind('}');
  if (brace == std::string::npos) return;
  out.body.insert(brace, ",\"request_id\":\"" + boost::uuids::to_string(request_id) + "\"");
}

reply forbidden() {
  return problem(403, "forbidden", "The role of this token does not reach so far.");
}

}  // namespace tollgate::gateway::api
