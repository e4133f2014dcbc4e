// SPDX-License-Identifier: Apache-2.0
// The lite agent of RFC 8445: authenticated Binding requests in, responses out.
#include "gateway/overlay/ice_lite.hpp"

#include <algorithm>

#include "gateway/overlay/encoding.hpp"

namespace tollgate::gateway::overlay {
namespace {

// RFC 8445 §7.3.1.1 and RFC 8489 §14.8.
constexpr int role_conflict = 487;
constexpr int unknown_attribute = 420;

// 6 bits a character: the ice-chars of RFC 8839 §5.4 are letters, digits, + and /.
std::string random_ice_characters(std::size_t count) {
  std::vector<std::byte> octets(count * 3 / 4);
  fill_random(octets);
  return to_base64(octets);
}

}  // namespace

ice_credentials make_ice_credentials() {
  return {random_ice_characters(8), random_ice_characters(24)};
}

ice_lite_agent::ice_lite_agent(ice_credentials local, ice_credentials remote)
    : local_(std::move(local)), remote_(std::move(remote)) {}

void ice_lite_agent::restart(ice_credentials local, ice_credentials remote) {
  local_ = std::move(local);
  remote_ = std::move(remote);
  nominated_ = false;
}

std::span<const std::byte> ice_lite_agent::receive(std::span<const std::byte> datagram,
                                                   const transport_address& source, time_point now) {
  const auto message = parse_stun(datagram);
  if (!message || message->kind != stun_class::request || message->method != stun_binding) return {};
  // USERNAME is "ours:theirs" (RFC 8445 §7.2.2).
  const auto name = message->username;
  const auto ours = local_.username_fragment.size();
  if (name.size() != ours + 1 + remote_.username_fragment.size() ||
      !name.starts_with(local_.username_fragment) || name[ours] != ':' ||
      !name.ends_with(remote_.username_fragment) || !verify_integrity(*message, local_.password))
    return {};

  if (message->unknown_required) {
    response_.emplace(stun_class::error, stun_binding, message->transaction);
    response_->error(unknown_attribute, "Unknown Attribute").unknown_attribute(*message->unknown_required);
  } else if (message->controlled) {  // a lite agent is always the controlled one: the peer must switch
    response_.emplace(stun_class::error, stun_binding, message->transaction);
    response_->error(role_conflict, "Role Conflict");
  } else {
    accept_check(source, message->use_candidate, now);
    response_.emplace(stun_class::success, stun_binding, message->transaction);
    response_->mapped_address(source);
  }
  response_->integrity(local_.password).fingerprint();
  return response_->ok() ? response_->datagram() : std::span<const std::byte>{};
}

void ice_lite_agent::accept_check(const transport_address& source, bool nominates, time_point now) {
  last_check_ = now;
  if (!validated(source)) {
    validated_[validated_next_] = source;
    validated_next_ = (validated_next_ + 1) % validated_max;
    validated_count_ = std::min(validated_count_ + 1, validated_max);
  }
  // The latest nomination wins: a peer whose network changes nominates its new pair.
  if (nominates || !nominated_) selected_ = source;
  nominated_ = nominated_ || nominates;
}

bool ice_lite_agent::validated(const transport_address& source) const noexcept {
  const auto end = validated_.begin() + static_cast<std::ptrdiff_t>(validated_count_);
  return std::find(validated_.begin(), end, source) != end;
}

}  // namespace tollgate::gateway::overlay
