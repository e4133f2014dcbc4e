// SPDX-License-Identifier: Apache-2.0
// Many mailboxes at a glance. In PostgreSQL (schema voicemail), within the caller's transaction.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <optional>
#include <vector>

#include "voicemail/mailbox_store.hpp"

namespace tollgate::voicemail {

struct mailbox_summary {
  boost::uuids::uuid account_id{};
  message_counts counts{};
  bool has_pin = false;
  std::optional<system_clock::time_point> locked_until{};  // after wrong PINs
};

// Of these accounts, in their order; one without messages and settings has an empty mailbox.
std::vector<mailbox_summary> summarise_mailboxes(pqxx::transaction_base& tx,
                                                 const std::vector<boost::uuids::uuid>& accounts);

}  // namespace tollgate::voicemail
