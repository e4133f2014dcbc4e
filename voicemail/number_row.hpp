// SPDX-License-Identifier: Apache-2.0
// One row of voicemail.number: reading, locking, and the changes of state that several functions share.
// Private to the room.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <optional>
#include <pqxx/row>
#include <string>

#include "voicemail/number_store.hpp"

namespace tollgate::voicemail {

extern const std::string select_number;  // the columns that read_number expects, FROM voicemail.number

number_record read_number(const pqxx::row& row);

// The row, locked until the transaction ends. Always taken before the account's row in billing.
std::optional<number_record> lock_number(pqxx::transaction_base& tx,
                                         const pstn::number::phone_number& number);

// Whether the account may reserve or rent a number that nobody rents: it is in stock, its reservation is this
// account's or over, or it is held back for this account.
bool open_to(const number_record& number, const boost::uuids::uuid& account_id, system_clock::time_point now);

void quarantine(pqxx::transaction_base& tx, const pstn::number::phone_number& number,
                system_clock::time_point until);
void return_to_stock(pqxx::transaction_base& tx, const pstn::number::phone_number& number);
// Into a state in which it is nobody's: available, ported_out, withdrawn.
void leave_stock(pqxx::transaction_base& tx, const pstn::number::phone_number& number, number_state state);

}  // namespace tollgate::voicemail
