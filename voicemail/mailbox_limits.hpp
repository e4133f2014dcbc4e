// SPDX-License-Identifier: Apache-2.0
// What a mailbox may hold and for how long, where that is not what the carrier gives to all, in PostgreSQL (schema voicemail).
// Every function works within the caller's transaction.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <optional>

#include "voicemail/mailbox_store.hpp"

namespace tollgate::voicemail {

// Empty: the carrier's. A mailbox that holds more than a new limit keeps what it has.
struct mailbox_limits {
  std::optional<int> messages{};                   // 1–100,000
  std::optional<std::chrono::seconds> duration{};  // 60–360,000
  std::optional<std::int64_t> bytes{};             // 65,536–2^40
  std::optional<std::chrono::days> keep{};         // 0–36,500; zero: until they are deleted
};

mailbox_limits find_limits(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id);
// In place of those before.
void set_limits(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, const mailbox_limits& limits);

// What holds for this mailbox.
mailbox_quota quota_of(const mailbox_limits& own, const mailbox_quota& carrier) noexcept;
mailbox_quota find_quota(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, const mailbox_quota& carrier);

}  // namespace tollgate::voicemail
