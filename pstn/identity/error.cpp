// SPDX-License-Identifier: Apache-2.0
#include "pstn/identity/error.hpp"

#include <string>

namespace tollgate::pstn::identity {
namespace {

// Boost declares the base's destructor protected and not virtual on purpose: categories are never destroyed
// through it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tollgate.identity"; }
  std::string message(int value) const override {
    return std::string(identity::name(static_cast<identity_error>(value)));
  }
};
#pragma GCC diagnostic pop

}  // namespace

sip_refusal refusal_of(identity_error error) {
  switch (error) {
    case identity_error::malformed:
    case identity_error::unsupported:
    case identity_error::number_mismatch:
    case identity_error::bad_signature:
      return {438, "Invalid Identity Header"};
    case identity_error::stale:
      return {403, "Stale Date"};
    case identity_error::credential_unavailable:
      return {436, "Bad Identity Info"};
    case identity_error::credential_malformed:
    case identity_error::credential_untrusted:
      return {437, "Unsupported Credential"};
  }
  return {438, "Invalid Identity Header"};
}

std::string_view name(identity_error error) {
  switch (error) {
    case identity_error::malformed:
      return "malformed";
    case identity_error::unsupported:
      return "unsupported";
    case identity_error::stale:
      return "stale";
    case identity_error::number_mismatch:
      return "number_mismatch";
    case identity_error::credential_unavailable:
      return "credential_unavailable";
    case identity_error::credential_malformed:
      return "credential_malformed";
    case identity_error::credential_untrusted:
      return "credential_untrusted";
    case identity_error::bad_signature:
      return "bad_signature";
  }
  return "unknown";
}

const boost::system::error_category& identity_category() noexcept {
  static const category instance;
  return instance;
}

boost::system::error_code make_error_code(identity_error error) noexcept {
  return {static_cast<int>(error), identity_category()};
}

}  // namespace tollgate::pstn::identity
