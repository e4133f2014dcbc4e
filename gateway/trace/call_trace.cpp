// SPDX-License-Identifier: Apache-2.0
#include "gateway/trace/call_trace.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>
#include <stdexcept>
#include <string_view>

namespace tollgate::gateway::trace {
namespace {

namespace json = boost::json;
using std::chrono::duration_cast;
using std::chrono::microseconds;

bool is_utf8(const std::string& text) {
  boost::system::error_code error;
  json::parse(json::serialize(json::value(text)), error);
  return !error;
}

std::string latin1_as_utf8(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80)
      out += c;
    else
      out.append({static_cast<char>(0xc0 | byte >> 6), static_cast<char>(0x80 | (byte & 0x3f))});
  }
  return out;
}

json::object to_json(const endpoint_address& address) {
  return {{"ip", address.ip}, {"port", address.port}};
}

// Bounded, so that it fits a clock of nanoseconds.
wall_time time_of(const json::object& from) {
  const auto us = from.at("at_us").to_number<std::int64_t>();
  constexpr std::int64_t latest_us = std::int64_t{1} << 53;  // the year 2255
  if (us < 0 || us > latest_us) throw std::out_of_range("at_us");
  return wall_time(microseconds(us));
}

endpoint_address address_of(const json::object& from, std::string_view name) {
  const json::object& address = from.at(name).as_object();
  return {std::string(address.at("ip").as_string()),
          static_cast<std::uint16_t>(address.at("port").to_number<std::int64_t>())};
}

bool same_ignoring_case(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  if (one.size() != other.size()) return false;
  for (std::size_t i = 0; i < one.size(); ++i)
    if (lower(one[i]) != lower(other[i])) return false;
  return true;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

std::string to_string(const endpoint_address& address) {
  const bool is_ipv6 = address.ip.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + address.ip + "]" : address.ip) + ":" + std::to_string(address.port);
}

json::array to_json(const std::vector<trace_message>& messages) {
  json::array out;
  for (const trace_message& one : messages)
    out.push_back(json::object{{"at_us", duration_cast<microseconds>(one.at.time_since_epoch()).count()},
                               {"sent", one.sent},
                               {"transport", one.transport},
                               {"local", to_json(one.local)},
                               {"remote", to_json(one.remote)},
                               {"trunk", one.trunk},
                               {"text", is_utf8(one.text) ? one.text : latin1_as_utf8(one.text)}});
  return out;
}

std::vector<trace_message> messages_from_json(const json::array& from) {
  std::vector<trace_message> out;
  for (const json::value& each : from) {
    try {
      const json::object& one = each.as_object();
      out.push_back({time_of(one), one.at("sent").as_bool(), std::string(one.at("transport").as_string()),
                     address_of(one, "local"), address_of(one, "remote"),
                     std::string(one.at("trunk").as_string()), std::string(one.at("text").as_string())});
    } catch (const std::exception&) {
      continue;  // a row of a later version, or of somebody's hand
    }
  }
  return out;
}

std::string header_of(const std::string& message, const std::string& name, char compact) {
  std::string_view rest = message;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (trimmed(line).empty()) return {};  // the body follows
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view found = trimmed(line.substr(0, colon));
    const bool is_compact = compact != 0 && found.size() == 1 && same_ignoring_case(found, {&compact, 1});
    if (is_compact || same_ignoring_case(found, name)) return std::string(trimmed(line.substr(colon + 1)));
  }
  return {};
}

}  // namespace tollgate::gateway::trace
