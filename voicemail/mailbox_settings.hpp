// SPDX-License-Identifier: Apache-2.0
// What an owner has chosen for a mailbox, in PostgreSQL (schema voicemail): PIN with its lock-out, language, time zone, own
// greetings. Every function works within the caller's transaction. Mailboxes need no set-up: one that nobody has touched has
// no PIN and the defaults.
#pragma once

#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "voicemail/audio_keys.hpp"
#include "voicemail/error.hpp"
#include "voicemail/phrasebook.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::voicemail {

using std::chrono::system_clock;

struct mailbox_settings {
  std::optional<language> spoken{};  // empty: the carrier's
  std::string time_zone{};           // of the times that are told: chosen, or that of the account's country, or UTC
  bool has_pin = false;
  std::optional<system_clock::time_point> locked_until{};  // by wrong PINs; may have passed
};

mailbox_settings find_settings(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id);

struct mailbox_change {
  std::optional<std::optional<language>> spoken{};
  std::optional<std::string> time_zone{};  // an IANA name that PostgreSQL knows; "": that of the account's country
};
// error::time_zone_unknown.
boost::system::result<void> change_mailbox(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                           const mailbox_change& change);

// The digits of every number that the account rents: no PIN may be part of one.
std::vector<std::string> numbers_of(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id);

// ---- the PIN

// Five wrong PINs, from whatever telephone and at whatever node, lock the mailbox to all telephones.
struct pin_policy {
  int failures = 5;
  std::chrono::minutes first_lock{15};  // the next one twice as long, and so on
  std::chrono::hours longest_lock{24};
  std::chrono::minutes check_longest{2};  // until it is known whether a PIN is right
};

enum class pin_setter { device, telephone, api };
std::string_view to_text(pin_setter by) noexcept;

// Takes a new PIN by its Argon2id hash, and ends a lock. The owner is told (event voicemail_pin_changed).
void set_pin(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, const std::string& hash, pin_setter by,
             system_clock::time_point now);

// The same for a mailbox that has none yet; one that has keeps it. True: this is its hash now.
bool set_first_pin(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, const std::string& hash);

struct pin_attempt {
  bool locked = false;  // not to be checked at all
  std::string hash;     // empty: the mailbox has no PIN, and nothing is right
};
// A PIN is about to be checked. It counts as wrong from now on, so that guesses made at once count as well. Should that lock the
// mailbox, its event is promised with it: whoever checks tells it, or report_unreported_locks() does when nobody has by check_longest.
pin_attempt begin_pin(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, system_clock::time_point now,
                      const pin_policy& policy = {});
// It was right: nothing is held against the mailbox any more.
void forgive_pin(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id);
// It was wrong. The owner is told (event voicemail_locked) when that has locked the mailbox. True: it has.
bool report_wrong_pin(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, system_clock::time_point now);
// Tells owners of locks whose gateway died before it could; how many, at most `limit`. Any node may, at any time.
int report_unreported_locks(pqxx::transaction_base& tx, system_clock::time_point now, int limit);

// ---- greetings

enum class greeting_kind {
  no_answer,  // nobody answers, or is there
  busy,       // declined, or on another call
  temporary,  // while it exists, in place of both
  name,       // the owner's name, said within the default greeting
};
std::string_view to_text(greeting_kind kind) noexcept;
std::optional<greeting_kind> parse_greeting_kind(std::string_view text) noexcept;

inline constexpr std::chrono::seconds greeting_longest{55};

struct greeting {
  greeting_kind kind;
  system_clock::time_point recorded_at;
  std::chrono::milliseconds duration;
  std::int64_t size_bytes;
  std::string sha256;  // lower-case hexadecimal
};

// `audio` is Ogg Opus; it is encrypted by the current key. Takes the place of the one before.
void keep_greeting(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, greeting_kind kind,
                   std::span<const std::byte> audio, std::chrono::milliseconds duration, system_clock::time_point now,
                   const audio_keys& keys);
// error::greeting_unknown.
boost::system::result<void> remove_greeting(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                            greeting_kind kind);
std::vector<greeting> list_greetings(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id);
// error::greeting_unknown, audio_key_unknown, audio_damaged.
boost::system::result<std::vector<std::byte>> fetch_greeting(pqxx::transaction_base& tx,
                                                             const boost::uuids::uuid& account_id, greeting_kind kind,
                                                             const audio_keys& keys);

}  // namespace tollgate::voicemail
