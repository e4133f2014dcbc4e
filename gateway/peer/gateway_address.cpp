// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/gateway_address.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace tollgate::gateway::peer {

std::string host_of(std::string_view url) {
  constexpr std::string_view scheme = "wss://";
  if (!url.starts_with(scheme)) return {};
  url.remove_prefix(scheme.size());
  url = url.substr(0, url.find_first_of("/?#"));
  if (url.starts_with('[')) {
    const std::size_t end = url.find(']');
    return end == std::string_view::npos ? std::string() : std::string(url.substr(1, end - 1));
  }
  return std::string(url.substr(0, url.find(':')));
}

bool reached_over_loopback(std::string_view url) {
  const std::string host = host_of(url);
  if (host.empty()) return false;
  boost::asio::io_context context;
  boost::asio::ip::tcp::resolver resolver(context);
  boost::system::error_code failure;
  const auto found = resolver.resolve(host, "", failure);
  if (failure) return false;
  return std::any_of(found.begin(), found.end(),
                     [](const auto& entry) { return entry.endpoint().address().is_loopback(); });
}

}  // namespace tollgate::gateway::peer
