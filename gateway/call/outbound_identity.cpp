// SPDX-License-Identifier: Apache-2.0
// What we vouch for of a call out (RFC 8588 §4), over trunks that want to know.
#include <spdlog/spdlog.h>

#include <boost/uuid/uuid_io.hpp>

#include "gateway/call/identity_service.hpp"
#include "gateway/call/outbound_leg.hpp"
#include "gateway/logging/line.hpp"

namespace tollgate::gateway::call {

namespace identity = pstn::identity;

namespace {

// An account shows a number that it rents or that the operator has verified, or none: then the trunk's own is
// shown, of a customer whom we know. Who is behind a call that came from elsewhere and is forwarded we cannot
// tell.
identity::attestation attestation_of(billing::call_direction direction,
                                     const pstn::trunk::caller_identity& caller) {
  if (direction == billing::call_direction::forward) return identity::attestation::gateway;
  return caller.number ? identity::attestation::full : identity::attestation::partial;
}

}  // namespace

// A withheld number is not signed for: who reads the signature reads the number (RFC 8224 §9). An emergency
// number is none that a signature could be for.
void outbound_leg::sign(pstn::sip::invite& request, const pstn::trunk::trunk& trunk,
                        const pstn::trunk::caller_identity& caller) const {
  const auto& shown = caller.number ? caller.number : trunk.default_caller;
  if (!trunk.sign_identity || caller.withheld || !shown || !number_) return;
  const auto* const by = environment_.identity ? environment_.identity->signs() : nullptr;
  if (by == nullptr) {
    spdlog::warn("event=call_unsigned call_id={} trunk={} hint=\"identity.key_file is not configured\"",
                 boost::uuids::to_string(facts_.call_id), logging::text(trunk.name));
    return;
  }
  const auto now = environment_.time.wall();
  const identity::signer::call what{.attest = attestation_of(record_.direction, caller),
                                    .origin = shown->digits(),
                                    .destination = number_->digits(),
                                    .origin_id = boost::uuids::to_string(facts_.call_id)};
  request.headers.push_back({"Date", identity::date_header(now)});
  request.headers.push_back({"Identity", by->identity_of(what, now)});
}

}  // namespace tollgate::gateway::call
