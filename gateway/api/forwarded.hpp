// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: whose request it is that a proxy hands on, by X-Forwarded-For or Forwarded (RFC 7239). Free of IO.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace tollgate::gateway::api {

/// Addresses and networks ("192.0.2.1", "10.0.0.0/8", "2001:db8::/32"). An IPv4-mapped address is the IPv4 one.
class address_set {
 public:
  address_set() = default;
  /// Throws std::invalid_argument with the one that is none.
  explicit address_set(const std::vector<std::string>& texts);
  bool contains(const boost::asio::ip::address& address) const;
  bool empty() const { return four_.empty() && six_.empty(); }

 private:
  std::vector<boost::asio::ip::network_v4> four_;
  std::vector<boost::asio::ip::network_v6> six_;
};

/// What a request says of whom it has come by: each field of these names, in their order.
struct forwarding {
  std::vector<std::string_view> x_forwarded_for;
  std::vector<std::string_view> forwarded;
};

/// The client of a request that came from `peer`: the peer itself, unless that is a trusted proxy. Each proxy adds whom it had the request
/// from, so it is the last that is none of the trusted ones; what stands before it anybody may have written, and is not looked at. Where a
/// trusted one does not tell whom ("unknown", an obfuscated name, RFC 7239 §6.2 and §6.3) or nothing is left, it is that one.
/// Nothing: the fields cannot be read as far as that, or the two kinds of them lead to different clients, so that one of them was not
/// written by the proxy.
std::optional<boost::asio::ip::address> client_behind(const boost::asio::ip::address& peer, const forwarding& told, const address_set& trusted);

}  // namespace tollgate::gateway::api
