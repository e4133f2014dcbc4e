// SPDX-License-Identifier: Apache-2.0
// A device's identity as JSON.
#include <boost/json/value.hpp>

#include "gateway/overlay/client.hpp"
#include "gateway/overlay/frame.hpp"

namespace tollgate::gateway::overlay {

boost::json::object to_json(const device_identity& identity) {
  const auto expires =
      std::chrono::duration_cast<std::chrono::seconds>(identity.expires_at.time_since_epoch()).count();
  return {{"name", identity.name},
          {"device_key", identity.device.to_pem()},
          {"credential", identity.credential},
          {"expires_at", expires},
          {"authority", identity.authority.to_jwk()}};
}

boost::system::result<device_identity> device_identity_from_json(const boost::json::object& json) {
  const auto name = find_text(json, "name");
  const auto pem = find_text(json, "device_key");
  const auto credential = find_text(json, "credential");
  const auto expires = find_integer(json, "expires_at");
  const auto* jwk = json.if_contains("authority");
  if (!name || !pem || !credential || !expires || *expires < 0 || *expires > 4'102'444'800 || jwk == nullptr)
    return overlay_error::token_malformed;
  auto device = private_key::from_pem(*pem);
  if (!device) return device.error();
  auto authority = public_key::from_jwk(*jwk);
  if (!authority) return authority.error();
  return device_identity{.name = std::string(*name),
                         .device = std::move(*device),
                         .credential = std::string(*credential),
                         .expires_at = wall_time(std::chrono::seconds(*expires)),
                         .authority = std::move(*authority)};
}

}  // namespace tollgate::gateway::overlay
