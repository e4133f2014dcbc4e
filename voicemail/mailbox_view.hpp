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

// So many of a folder are read at once.
inline constexpr int view_page_messages = 200;

// Urgent messages first, then the oldest. Times are those of the mailbox's time zone.
mailbox_view view_mailbox(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                          std::chrono::system_clock::time_point now);

// What follows one of them in its folder; empty: nothing.
std::vector<mailbox_item> view_more(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                    std::chrono::system_clock::time_point now, bool unread, const boost::uuids::uuid& after,
                                    bool after_urgent);

}  // namespace tollgate::voicemail
