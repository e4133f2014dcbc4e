// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/forwarded.hpp"

#include <algorithm>
#include <stdexcept>
#include <type_traits>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <boost/beast/core/string.hpp>

#include "gateway/api/optional_whitespace.hpp"

namespace tollgate::gateway::api {

namespace ip = boost::asio::ip;

namespace {

ip::address unmapped(const ip::address& address) {
  return address.is_v6() && address.to_v6().is_v4_mapped() ? ip::address(ip::make_address_v4(ip::v4_mapped, address.to_v6())) : address;
}

// RFC 9110 §5.6.2
bool is_token(std::string_view text) {
  static constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || marks.find(c) != std::string_view::npos;
  });
}

// RFC 7239 §6.3
bool is_obfuscated(std::string_view text) {
  return text.size() > 1 && text.front() == '_' && is_token(text);
}

bool is_port(std::string_view text) {
  const bool digits = !text.empty() && text.size() <= 5 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  return digits || is_obfuscated(text);
}

// Whom a proxy had a request from, as far as it says so.
struct hop {
  std::optional<ip::address> from;  // nothing: it does not tell
};

// A node of RFC 7239 §6, and an IPv6 address without brackets, as X-Forwarded-For has it. Nothing: it is none.
std::optional<hop> read_node(std::string_view text) {
  constexpr std::size_t longest = 128;
  if (text.size() > longest) return std::nullopt;
  std::string_view name = text, port;
  bool has_port = false;
  const bool in_brackets = text.starts_with('[');
  if (in_brackets) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    name = text.substr(1, close - 1);
    has_port = close + 1 < text.size();
    if (has_port && text[close + 1] != ':') return std::nullopt;
    if (has_port) port = text.substr(close + 2);
  } else if (std::ranges::count(text, ':') == 1) {
    has_port = true;
    name = text.substr(0, text.find(':'));
    port = text.substr(text.find(':') + 1);
  }
  if (has_port && !is_port(port)) return std::nullopt;
  if (!in_brackets && (boost::beast::iequals(name, "unknown") || is_obfuscated(name))) return hop{};
  if (name.find('%') != std::string_view::npos) return std::nullopt;  // a zone is of its own node alone
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(name), error);
  if (error || (in_brackets && address.is_v4())) return std::nullopt;
  return hop{unmapped(address)};
}

// One value of a pair, at the beginning of `text`, which is cut behind it: a token or a quoted string (RFC 9110 §5.6.4). A token may have
// the characters of an address here, which some write without the quotes that it needs.
std::optional<std::string> take_value(std::string_view& text) {
  std::string value;
  if (!text.starts_with('"')) {
    const std::size_t end = std::min(text.find_first_of(",; \t\""), text.size());
    value = std::string(text.substr(0, end));
    text.remove_prefix(end);
    return value.empty() ? std::nullopt : std::optional(std::move(value));
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && ++i == text.size()) break;
    value += text[i];
  }
  return std::nullopt;
}

// The elements of one field Forwarded (RFC 7239 §4); nothing: it is malformed.
std::optional<std::vector<hop>> read_forwarded(std::string_view text) {
  std::vector<hop> hops;
  for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
    hop element;
    bool any = false, told = false;
    for (; !text.empty() && text.front() != ','; text = trimmed(text)) {
      if (text.front() == ';') {
        text.remove_prefix(1);
        continue;
      }
      const std::size_t equals = text.find('=');
      const std::string_view name = text.substr(0, std::min(equals, text.size()));
      if (equals == std::string_view::npos || !is_token(name)) return std::nullopt;
      text.remove_prefix(equals + 1);
      const auto value = take_value(text);
      text = trimmed(text);
      if (!value || (!text.empty() && text.front() != ';' && text.front() != ',')) return std::nullopt;
      any = true;
      if (!boost::beast::iequals(name, "for")) continue;
      const auto node = read_node(*value);
      if (!node || told) return std::nullopt;  // §4: each parameter once
      told = true;
      element = *node;
    }
    if (!text.empty()) text.remove_prefix(1);
    if (any) hops.push_back(element);  // RFC 9110 §5.6.1.2: empty elements count for nothing
  }
  return hops;
}

// The last element of a list, which is cut before it.
std::string_view take_last(std::string_view& list) {
  const std::size_t comma = list.rfind(',');
  const std::string_view last = comma == std::string_view::npos ? list : list.substr(comma + 1);
  list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
  return trimmed(last);
}

// Goes back from proxy to proxy.
class walk {
 public:
  walk(const ip::address& peer, const address_set& trusted) : client_(unmapped(peer)), trusted_(trusted) {}
  const ip::address& client() const { return client_; }
  bool is_over() const { return is_over_ || !trusted_.contains(client_); }
  void go_to(const hop& next) {
    if (next.from)
      client_ = *next.from;
    else
      is_over_ = true;
  }

 private:
  ip::address client_;
  const address_set& trusted_;
  bool is_over_ = false;
};

std::optional<ip::address> by_x_forwarded_for(walk back, std::vector<std::string_view> fields) {
  for (; !fields.empty(); fields.pop_back())
    while (!back.is_over() && !fields.back().empty()) {
      const std::string_view last = take_last(fields.back());
      if (last.empty()) continue;
      const auto node = read_node(last);
      if (!node) return std::nullopt;
      back.go_to(*node);
    }
  return back.client();
}

std::optional<ip::address> by_forwarded(walk back, std::vector<std::string_view> fields) {
  for (; !fields.empty() && !back.is_over(); fields.pop_back()) {
    const auto hops = read_forwarded(fields.back());
    if (!hops) return std::nullopt;
    for (auto each = hops->rbegin(); each != hops->rend() && !back.is_over(); ++each)
      back.go_to(*each);
  }
  return back.client();
}

}  // namespace

address_set::address_set(const std::vector<std::string>& texts) {
  for (const std::string& each : texts) {
    boost::system::error_code error;
    const bool is_network = each.find('/') != std::string::npos;
    if (each.find(':') != std::string::npos)
      six_.push_back(is_network ? ip::make_network_v6(each, error) : ip::network_v6(ip::make_address_v6(each, error), 128));
    else
      four_.push_back(is_network ? ip::make_network_v4(each, error) : ip::network_v4(ip::make_address_v4(each, error), 32));
    if (error) throw std::invalid_argument("\"" + each + "\" is no address and no network");
  }
}

bool address_set::contains(const ip::address& address) const {
  const ip::address plain = unmapped(address);
  const auto has = [](const auto& network, const auto& one) {
    return network.canonical() == std::decay_t<decltype(network)>(one, network.prefix_length()).canonical();
  };
  if (plain.is_v4()) return std::ranges::any_of(four_, [&](const auto& each) { return has(each, plain.to_v4()); });
  return std::ranges::any_of(six_, [&](const auto& each) { return has(each, plain.to_v6()); });
}

std::optional<ip::address> client_behind(const ip::address& peer, const forwarding& told, const address_set& trusted) {
  const walk begin(peer, trusted);
  if (begin.is_over()) return begin.client();
  const auto first = by_x_forwarded_for(begin, told.x_forwarded_for);
  const auto second = by_forwarded(begin, told.forwarded);
  if (!first || !second) return std::nullopt;
  if (!told.x_forwarded_for.empty() && !told.forwarded.empty() && *first != *second) return std::nullopt;
  return told.forwarded.empty() ? first : second;
}

}  // namespace tollgate::gateway::api
