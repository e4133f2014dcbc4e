// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: which role may say what inside of an operation that it may use: the table of roles (router.cpp) goes by
// operation, this one by what its body sets. GET /v1/roles tells both. Free of IO.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "gateway/api/http.hpp"

namespace tollgate::gateway::api {

/// What not everybody may set who may use the operation.
enum class guarded : std::uint8_t {
  new_account_deck,     ///< an account's prices
  account_deck,         ///< likewise
  account_own_deck,     ///< likewise
  account_passphrase,   ///< with it one is the subscriber: money, voice, number
  account_region,       ///< the country of its taxes
  account_reopening,    ///< what others have shut
  number_auto_renewal,  ///< commits the owner's credit to terms to come
  number_forwarding,    ///< every call in costs the owner a call out
  number_name,          ///< external_id: the operator's own
  rented_porting,       ///< pays the unused days out
  rented_withdrawal,    ///< likewise
  imported_prices,      ///< what their owners will pay
  verified_numbers,     ///< whose a number is
};

struct member_rule {
  guarded what;
  std::string_view operation;  ///< as in the table of resources: "PATCH /v1/accounts/{}"
  std::string_view member;     ///< of its body; empty: not one member, `about` tells
  role_set who;                ///< beside admins
  std::string_view about;      ///< one sentence for people
};

/// All of them, in the order of the enumeration.
std::span<const member_rule> member_rules();

/// Whether whoever asks may set that. Whoever needs no token here may.
bool may_set(const request& from, guarded what);

/// 403 refused_to_role, with the sentence about it.
reply forbidden(guarded what);

}  // namespace tollgate::gateway::api
