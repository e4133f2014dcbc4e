// SPDX-License-Identifier: Apache-2.0
// The register of attached devices.
#include "gateway/overlay/server_core.hpp"

#include <algorithm>

#include "gateway/overlay/device_session.hpp"

namespace tollgate::gateway::overlay {

server_core::server_core(boost::asio::any_io_executor executor_, boost::asio::ssl::context tls_,
                         server_options options_, private_key authority_, private_key node_,
                         session_handler& handler_)
    : executor(std::move(executor_)),
      tls(std::make_shared<boost::asio::ssl::context>(std::move(tls_))),
      options(std::move(options_)),
      authority(std::move(authority_)),
      node(std::move(node_)),
      handler(handler_),
      acceptor(executor),
      all_ended(executor),
      failed_logins(options.limits.failed_logins),
      failed_logins_of_account(options.limits.failed_logins_of_account),
      failed_logins_of_address(options.limits.failed_logins_of_address),
      offers(options.limits.offers),
      searches(options.limits.searches),
      requests(options.limits.requests) {}

void server_core::log(const std::string& line) const {
  if (options.log) options.log(line);
}

std::string server_core::node_credential() const {
  const auto issued = wall_now();
  return sign_credential(authority, {.name = options.node_name,
                                     .role = credential_role::node,
                                     .holder = node.public_part(),
                                     .issued_at = issued,
                                     .expires_at = issued + credential_lifetime});
}

answer<void> server_core::enter(const std::shared_ptr<device_session>& device) {
  auto& all = devices[device->account_id()];
  const auto earlier = std::find_if(all.begin(), all.end(),
                                    [&](const auto& other) { return other->device() == device->device(); });
  if (earlier == all.end() && all.size() >= options.limits.sessions_per_account)
    return refusal{"too_many_devices", "too many devices are attached"};
  const auto replaced = earlier != all.end() ? *earlier : nullptr;
  all.push_back(device);
  ++device_count;
  if (replaced) {
    replaced->close("replaced", "this device has attached again");
    replaced->detach();
  }
  return {};
}

void server_core::leave(const device_session& device) {
  const auto found = devices.find(device.account_id());
  if (found == devices.end()) return;
  device_count -= std::erase_if(found->second, [&](const auto& other) { return other.get() == &device; });
  if (found->second.empty()) devices.erase(found);
}

const std::vector<std::shared_ptr<device_session>>* server_core::devices_of(
    const boost::uuids::uuid& account_id) const {
  const auto found = devices.find(account_id);
  return found == devices.end() ? nullptr : &found->second;
}

std::size_t server_core::outgoing_calls_of(const boost::uuids::uuid& account_id) const {
  std::size_t count = 0;
  if (const auto* all = devices_of(account_id))
    for (const auto& device : *all)
      count += device->outgoing_calls();
  return count;
}

void server_core::ended() {
  if (--running == 0) all_ended.cancel();
}

}  // namespace tollgate::gateway::overlay
