// SPDX-License-Identifier: Apache-2.0
#include "gateway/overlay/turn_credentials.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include "gateway/overlay/encoding.hpp"

namespace tollgate::gateway::overlay {

turn_credentials make_turn_credentials(const turn_options& relay, std::string_view account,
                                       std::chrono::system_clock::time_point now) {
  const auto ends = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()) + relay.lifetime;
  turn_credentials made;
  made.username = std::to_string(ends.count()) + ':' + std::string(account);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  // SHA-1 is what relays of this draft compute; HMAC does not need its resistance to collisions.
  if (HMAC(EVP_sha1(), relay.secret.data(), static_cast<int>(relay.secret.size()),
           reinterpret_cast<const unsigned char*>(made.username.data()), made.username.size(), digest.data(),
           &size) == nullptr)
    throw std::runtime_error("HMAC-SHA-1 failed");
  made.password = to_base64(std::as_bytes(std::span(digest).first(size)));
  return made;
}

}  // namespace tollgate::gateway::overlay
