// SPDX-License-Identifier: Apache-2.0
// Codes and sentences of the room's errors.
#include "gateway/overlay/error.hpp"

#include <stdexcept>
#include <string>

namespace tollgate::gateway::overlay {
namespace {

const char* sentence(overlay_error error) noexcept {
  switch (error) {
    case overlay_error::frame_too_large:
      return "the frame is larger than 16 KiB";
    case overlay_error::frame_malformed:
      return "the frame is malformed";
    case overlay_error::frame_unsupported:
      return "this version of the protocol is not spoken here";
    case overlay_error::key_malformed:
      return "the key is not a P-256 key";
    case overlay_error::token_malformed:
      return "the token is malformed";
    case overlay_error::token_wrong_algorithm:
      return "the token's algorithm is not ES256";
    case overlay_error::token_wrong_type:
      return "the token is of another type";
    case overlay_error::token_bad_signature:
      return "the token's signature is not right";
    case overlay_error::token_stale:
      return "the token is stale, or a clock is wrong";
    case overlay_error::token_replayed:
      return "the token was seen before";
    case overlay_error::token_wrong_origin:
      return "the token is of another caller";
    case overlay_error::token_wrong_destination:
      return "the token is for another destination";
    case overlay_error::token_wrong_call:
      return "the token is of another call";
    case overlay_error::token_wrong_offer:
      return "the token does not name the offer";
    case overlay_error::token_wrong_fingerprint:
      return "the token names another certificate";
    case overlay_error::token_wrong_description:
      return "the token is of another description";
    case overlay_error::token_wrong_profile:
      return "only SRTP_AEAD_AES_256_GCM is accepted";
    case overlay_error::credential_expired:
      return "the credential has expired";
    case overlay_error::credential_foreign:
      return "the credential is of another authority";
    case overlay_error::certificate_invalid:
      return "the certificate is not valid";
    case overlay_error::description_malformed:
      return "the session description is malformed";
    case overlay_error::description_unsupported:
      return "the session description is not of an Opus call over DTLS-SRTP";
    case overlay_error::stun_malformed:
      return "the STUN message is malformed";
    case overlay_error::stun_bad_integrity:
      return "the STUN message is not authentic";
    case overlay_error::stun_unexpected:
      return "the STUN message was not expected";
    case overlay_error::address_invalid:
      return "the address is not of the form wss://host:port";
    case overlay_error::connection_failed:
      return "no connection could be made";
    case overlay_error::tls_failed:
      return "the TLS handshake failed";
    case overlay_error::connection_closed:
      return "the connection is closed";
    case overlay_error::deadline_passed:
      return "no reply came in time";
    case overlay_error::queue_full:
      return "the other end does not read what it is sent";
    case overlay_error::protocol_violated:
      return "the frame does not belong here";
  }
  return "unknown error";
}

// Boost declares the base's destructor protected and not virtual on purpose: categories are never destroyed
// through it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tollgate.overlay"; }
  std::string message(int value) const override { return sentence(static_cast<overlay_error>(value)); }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& overlay_category() noexcept {
  static const category instance;
  return instance;
}

boost::system::error_code make_error_code(overlay_error error) noexcept {
  return {static_cast<int>(error), overlay_category()};
}

std::string_view to_code(overlay_error error) noexcept {
  switch (error) {
    case overlay_error::frame_too_large:
      return "frame_too_large";
    case overlay_error::frame_malformed:
      return "frame_malformed";
    case overlay_error::frame_unsupported:
      return "frame_unsupported";
    case overlay_error::key_malformed:
      return "key_malformed";
    case overlay_error::token_malformed:
      return "token_malformed";
    case overlay_error::token_wrong_algorithm:
      return "token_wrong_algorithm";
    case overlay_error::token_wrong_type:
      return "token_wrong_type";
    case overlay_error::token_bad_signature:
      return "token_bad_signature";
    case overlay_error::token_stale:
      return "token_stale";
    case overlay_error::token_replayed:
      return "token_replayed";
    case overlay_error::token_wrong_origin:
      return "token_wrong_origin";
    case overlay_error::token_wrong_destination:
      return "token_wrong_destination";
    case overlay_error::token_wrong_call:
      return "token_wrong_call";
    case overlay_error::token_wrong_offer:
      return "token_wrong_offer";
    case overlay_error::token_wrong_fingerprint:
      return "token_wrong_fingerprint";
    case overlay_error::token_wrong_description:
      return "token_wrong_description";
    case overlay_error::token_wrong_profile:
      return "token_wrong_profile";
    case overlay_error::credential_expired:
      return "credential_expired";
    case overlay_error::credential_foreign:
      return "credential_foreign";
    case overlay_error::certificate_invalid:
      return "certificate_invalid";
    case overlay_error::description_malformed:
      return "description_malformed";
    case overlay_error::description_unsupported:
      return "description_unsupported";
    case overlay_error::stun_malformed:
      return "stun_malformed";
    case overlay_error::stun_bad_integrity:
      return "stun_bad_integrity";
    case overlay_error::stun_unexpected:
      return "stun_unexpected";
    case overlay_error::address_invalid:
      return "address_invalid";
    case overlay_error::connection_failed:
      return "connection_failed";
    case overlay_error::tls_failed:
      return "tls_failed";
    case overlay_error::connection_closed:
      return "connection_closed";
    case overlay_error::deadline_passed:
      return "deadline_passed";
    case overlay_error::queue_full:
      return "queue_full";
    case overlay_error::protocol_violated:
      return "protocol_violated";
  }
  return "unknown";
}

refusal to_refusal(overlay_error error) {
  return {std::string(to_code(error)), sentence(error)};
}

void throw_exception_from_error(const refusal& error, const boost::source_location& /*location*/) {
  throw std::runtime_error(error.code + ": " + error.text);
}

}  // namespace tollgate::gateway::overlay
