// SPDX-License-Identifier: Apache-2.0
#include "gateway/subscriber/client_address.hpp"

#include <algorithm>

#include <boost/asio/ip/address.hpp>

namespace tollgate::gateway::subscriber {

std::string client_of_address(std::string_view address) {
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(address, error);
  if (error || parsed.is_v4()) return std::string(address);
  const auto& whole = parsed.to_v6();
  if (whole.is_v4_mapped()) return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, whole).to_string();
  auto bytes = whole.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return boost::asio::ip::make_address_v6(bytes).to_string() + "/64";
}

}  // namespace tollgate::gateway::subscriber
