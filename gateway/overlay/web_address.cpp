// SPDX-License-Identifier: Apache-2.0
// Reading wss:// addresses.
#include <algorithm>
#include <charconv>

#include "gateway/overlay/link.hpp"

namespace tollgate::gateway::overlay {
namespace {

bool is_port(std::string_view text) noexcept {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value > 0 && value <= 65535;
}

bool is_clean(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '@'; });
}

}  // namespace

boost::system::result<web_address> parse_web_address(const std::string& url) {
  constexpr std::string_view scheme = "wss://";
  if (!url.starts_with(scheme) || url.size() > 1024 || !is_clean(url)) return overlay_error::address_invalid;
  std::string_view rest = std::string_view(url).substr(scheme.size());
  web_address result;
  const auto slash = rest.find('/');
  if (slash != std::string_view::npos) {
    result.path = rest.substr(slash);
    rest = rest.substr(0, slash);
  }
  if (rest.starts_with('[')) {  // RFC 3986 §3.2.2: an IPv6 literal
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return overlay_error::address_invalid;
    result.host = rest.substr(1, end - 1);
    rest = rest.substr(end + 1);
  } else {
    const auto end = std::min(rest.find(':'), rest.size());
    result.host = rest.substr(0, end);
    rest = rest.substr(end);
  }
  if (!rest.empty()) {
    if (!rest.starts_with(':') || !is_port(rest.substr(1))) return overlay_error::address_invalid;
    result.port = rest.substr(1);
  }
  if (result.host.empty()) return overlay_error::address_invalid;
  return result;
}

}  // namespace tollgate::gateway::overlay
