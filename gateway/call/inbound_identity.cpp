// SPDX-License-Identifier: Apache-2.0
// What the caller's signature amounts to (RFC 8224 §6), before anybody is told of the call.
#include <spdlog/spdlog.h>

#include <boost/uuid/uuid_io.hpp>

#include "gateway/call/identity_service.hpp"
#include "gateway/call/inbound_call.hpp"
#include "gateway/logging/line.hpp"

namespace tollgate::gateway::call {

namespace identity = pstn::identity;

boost::asio::awaitable<std::optional<inbound_call::refusal>> inbound_call::verify_caller() {
  auto* const service = environment_.identity;
  if (service == nullptr || !service->verifies()) co_return std::nullopt;
  identity::claimed_call call;
  call.identities = invite_.identities;
  if (identity_.number) call.origin = identity_.number->digits();
  call.destinations.push_back(called_->digits());
  // A call that was redirected on its way to us is signed for whom it was meant first (RFC 8224 §4.1).
  if (!invite_.diversions.empty())
    if (const auto first = pstn::trunk::read_uri(*trunk_, invite_.to))
      call.destinations.push_back(first->digits());
  const auto reached = co_await service->verify(std::move(call));
  facts_.caller_verdict = reached.text();
  record_.caller_verdict = facts_.caller_verdict;
  spdlog::info("event=caller_verdict call_id={} trunk={} verdict={}", facts_.overlay_call, logging::text(trunk_->name),
               facts_.caller_verdict);
  if (service->policy() == identity_policy::tell || reached.known()) co_return std::nullopt;
  if (!reached.failed() && service->policy() != identity_policy::require) co_return std::nullopt;
  const auto why = reached.failed() ? identity::refusal_of(*reached.failed()) : identity::identity_required;
  constexpr int call_rejected = 21;  // ITU-T Q.850
  co_return refusal{why.status, why.phrase, call_rejected, "caller_unverified"};
}

}  // namespace tollgate::gateway::call
