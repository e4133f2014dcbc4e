// SPDX-License-Identifier: Apache-2.0
// Orders of numbers, to be looked up: the charge of the first term, and what has become of the rental.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <optional>
#include <string>
#include <vector>

#include "billing/subscription_list.hpp"
#include "voicemail/number_term.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::voicemail {

struct number_order {
  billing::subscription_record bought{};      // its note is the number
  std::optional<number_state> state{};        // of the number, while it is this order's; none: the rental is over
  std::optional<system_clock::time_point> paid_until{};
};

// With an account: if it is of that one.
std::optional<number_order> find_order(pqxx::transaction_base& tx, const boost::uuids::uuid& order_id,
                                       const std::optional<boost::uuids::uuid>& account_id = std::nullopt);
std::vector<number_order> list_orders(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, const billing::sequence_page& page);

}  // namespace tollgate::voicemail
