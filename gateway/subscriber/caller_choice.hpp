// SPDX-License-Identifier: Apache-2.0
// Which number an account shows when it calls, in PostgreSQL: one that it rents, or one that the operator has
// verified to be its own. Functions over the caller's transaction.
#pragma once

#include <optional>
#include <vector>

#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>

#include "gateway/subscriber/error.hpp"
#include "pstn/number/phone_number.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::gateway::subscriber {

using boost::uuids::uuid;

struct caller_choice {
  std::vector<pstn::phone_number> verified{};  ///< at most 100
  std::optional<pstn::phone_number> shown{};   ///< none: the first rented one, else the first verified one
  bool withheld = false;                       ///< the called party does not see it (RFC 3323)
};

/// An account without a row has the empty choice.
caller_choice find_caller_choice(pqxx::transaction_base& tx, const uuid& account_id);

/// Replaces all of it. no_subscriber; setting_out_of_range for too many verified numbers.
boost::system::result<void> set_caller_choice(pqxx::transaction_base& tx, const uuid& account_id,
                                              const caller_choice& choice);

/// The number to show, for an account that rents these: never one that is neither rented nor verified,
/// whatever was chosen before.
std::optional<pstn::phone_number> shown_number(const caller_choice& choice,
                                               const std::vector<pstn::phone_number>& rented);

}  // namespace tollgate::gateway::subscriber
