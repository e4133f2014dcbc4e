// SPDX-License-Identifier: Apache-2.0
// The lists of numbers and of messages, both ways.
#pragma once

#include <vector>

#include "voicemail/mailbox_store.hpp"
#include "voicemail/number_store.hpp"

namespace tollgate::voicemail {

// As list_numbers; descending: by the digits from the last number on, and `after` is the last one of the page before all the same.
std::vector<number_record> list_numbers_in(pqxx::transaction_base& tx, const number_filter& filter, bool descending);

// As list_messages; oldest first: newer than `before`.
std::vector<message> list_messages_in(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, const message_filter& filter,
                                      bool oldest_first);

}  // namespace tollgate::voicemail
