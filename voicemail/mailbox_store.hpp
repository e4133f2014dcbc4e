// SPDX-License-Identifier: Apache-2.0
// Mailboxes in PostgreSQL (schema voicemail): messages as Ogg Opus beside who left them and when. Every
// function works within the caller's transaction; counts are derived from the messages, never kept. A mailbox
// belongs to an account and needs no set-up.
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

#include "pstn/number/phone_number.hpp"
#include "voicemail/audio_keys.hpp"
#include "voicemail/error.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::voicemail {

using std::chrono::system_clock;

// Unread until the subscriber has heard it, saved from then on. Deleted: may be had back for undelete_period, and counts for
// nothing.
enum class message_state { unread, saved, deleted };

std::string_view to_text(message_state state) noexcept;  // "new", "saved", "deleted"
std::optional<message_state> parse_message_state(std::string_view text) noexcept;

inline constexpr std::chrono::days undelete_period{7};

struct new_message {
  boost::uuids::uuid message_id;  // UUIDv7; depositing the same message twice stores it once
  boost::uuids::uuid account_id;
  boost::uuids::uuid call_id;  // the call in which it was left
  std::string caller;          // "+442079460958", empty when withheld
  std::string called;          // the subscriber's number that was called
  system_clock::time_point received_at;
  std::chrono::milliseconds duration;
  double level_dbov;                 // mean level of the speech, RFC 6464's scale: 0 loudest, −127 silence
  bool urgent = false;               // the caller's word
  std::string caller_name{};     // as the network gave it, UTF-8; may be empty
  std::string caller_verdict{};  // pstn::identity::verdict::text(): "verified_a", "none", …; empty: nobody looked
  std::span<const std::byte> audio;  // Ogg Opus
};

struct message {
  boost::uuids::uuid message_id;
  boost::uuids::uuid call_id;
  message_state state;
  std::string caller;
  std::string called;
  system_clock::time_point received_at;
  std::chrono::milliseconds duration;
  double level_dbov;
  std::int64_t size_bytes;
  std::string sha256;  // of the audio, lower-case hexadecimal
  bool urgent;
  std::optional<system_clock::time_point> deleted_at;
  std::string caller_name{};
  std::string caller_verdict{};

  // Whether the caller's own provider vouches for the number (RFC 8588 §4, attestation A): callers may say anything.
  bool caller_verified() const { return caller_verdict == "verified_a"; }
};

// A mailbox takes a message while it stays within all three.
struct mailbox_quota {
  int messages = 100;
  std::chrono::seconds duration{3600};
  std::int64_t bytes = 64 << 20;
};

struct message_counts {
  int unread = 0;
  int saved = 0;
  std::chrono::milliseconds duration{0};
  std::int64_t bytes = 0;
};

enum class deposit_status { stored, repeated };

struct message_filter {
  std::optional<message_state> state{};            // empty: all but the deleted ones
  std::optional<boost::uuids::uuid> before{};  // the last message of the page before; empty: from the newest
  int limit = 100;                             // 1–1000
};

// Stores a message, encrypted by the current key. error::mailbox_full, message_conflict.
boost::system::result<deposit_status> deposit_message(pqxx::transaction_base& tx, const new_message& message,
                                                      const audio_keys& keys, const mailbox_quota& quota = {});

// Whether a message of `expected` length still has room: asked before the greeting, so that nobody speaks in
// vain. By `quota`, or the mailbox's own limits (mailbox_limits.hpp).
bool has_room(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
              std::chrono::milliseconds expected, const mailbox_quota& quota = {});

// Newest first, without the audio.
std::vector<message> list_messages(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                   const message_filter& filter = {});

// error::message_unknown.
boost::system::result<message> find_message(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                            const boost::uuids::uuid& message_id);

// Reading the audio, whole or in parts, marks the message as being heard: for its length and some minutes no purge ends it.

// At most `limit_bytes` of the audio from `offset_bytes` on; empty past the end. error::message_unknown, audio_key_unknown,
// audio_damaged.
boost::system::result<std::vector<std::byte>> fetch_audio(pqxx::transaction_base& tx,
                                                          const boost::uuids::uuid& account_id,
                                                          const boost::uuids::uuid& message_id,
                                                          std::int64_t offset_bytes,
                                                          std::int64_t limit_bytes, const audio_keys& keys);

// The whole audio. error::message_unknown, audio_key_unknown, audio_damaged.
boost::system::result<std::vector<std::byte>> fetch_whole_audio(pqxx::transaction_base& tx,
                                                                const boost::uuids::uuid& account_id,
                                                                const boost::uuids::uuid& message_id,
                                                                const audio_keys& keys);

// `state` is unread or saved. error::message_unknown, also for a deleted one.
boost::system::result<void> mark_message(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                         const boost::uuids::uuid& message_id, message_state state);

// error::message_unknown, also for a deleted one.
boost::system::result<void> delete_message(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                           const boost::uuids::uuid& message_id, system_clock::time_point now);

// Takes a deletion back within undelete_period; the state before holds again. Done to a message that is not deleted it is no
// error. error::message_unknown.
boost::system::result<void> restore_message(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                            const boost::uuids::uuid& message_id, system_clock::time_point now);

// A copy into the mailbox of another number, unread, received now, from the same caller; idempotent by `copy_id` (UUIDv7).
// Its owner. error::message_unknown, number_unknown (nobody rents it, or it has no voicemail), mailbox_full (by `quota`, or the
// mailbox's own limits).
boost::system::result<boost::uuids::uuid> forward_message(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                                          const boost::uuids::uuid& message_id,
                                                          const pstn::number::phone_number& to,
                                                          const boost::uuids::uuid& copy_id, system_clock::time_point now,
                                                          const audio_keys& keys, const mailbox_quota& quota = {});

// Ends at most `limit` messages for good that were deleted longer than undelete_period ago; how many. Any node may run it at
// any time: rows that another run holds are passed over.
int purge_deleted(pqxx::transaction_base& tx, system_clock::time_point now, int limit);

// Likewise messages that were received before `before` (empty: none by their age), or, in mailboxes that keep theirs for a time of
// their own, longer ago than that: new, saved, or deleted and not yet gone.
// `from` is where the batch before has ended: a run begins with an empty one and hands it on, so that what stays is walked over once a run.
struct purge_position {
  std::optional<system_clock::time_point> received;  // older ones have been looked at; empty: none has
  std::optional<boost::uuids::uuid> mailbox;         // likewise of mailboxes with a time of their own
};
int purge_received(pqxx::transaction_base& tx, system_clock::time_point now, std::optional<system_clock::time_point> before, int limit,
                   purge_position& from);

// Writes so many bytes and takes them away again. Throws as a message would that cannot be stored.
void probe_store(pqxx::transaction_base& tx, std::int64_t bytes);

// Without the deleted ones.
message_counts count_messages(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id);

}  // namespace tollgate::voicemail
