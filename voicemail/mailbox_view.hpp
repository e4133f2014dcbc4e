// SPDX-License-Identifier: Apache-2.0
// A mailbox as it is told at a telephone.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <chrono>

#include "voicemail/retrieval.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::voicemail {

// At most so many of each kind are told in one go; the rest when some of these are gone.
inline constexpr int view_most_messages = 200;

// Urgent messages first, then the oldest. Times are those of the mailbox's time zone.
mailbox_view view_mailbox(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                          std::chrono::system_clock::time_point now);

}  // namespace tollgate::voicemail
