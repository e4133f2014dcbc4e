// SPDX-License-Identifier: Apache-2.0
// Keeps a voicemail message for good before its caller is let go: in the database, or, while that is away, in
// a spool on disk from which it is replayed. The message's id makes both happen once.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/call/spool.hpp"
#include "gateway/db/database.hpp"
#include "voicemail/mailbox_store.hpp"

namespace tollgate::gateway::call {

// A message that owns its audio.
struct recorded_message {
  voicemail::new_message facts;  // its `audio` is ignored
  std::vector<std::byte> audio;  // Ogg Opus
};

// One line of JSON, then the audio, encrypted as in the database: what the spool holds.
std::string to_spool(const recorded_message& message, const voicemail::audio_keys& keys = {});
// error::audio_key_unknown: with the right key it can be read.
boost::system::result<recorded_message> from_spool(std::string_view content,
                                                   const voicemail::audio_keys& keys = {});

class message_desk {
 public:
  message_desk(db::database& database, spool& messages, voicemail::audio_keys keys)
      : database_(database), spool_(messages), keys_(std::move(keys)) {}

  // Returns only when the message is durable (true), or cannot be kept. No quota holds here: its caller was
  // let begin while there was room, and what has been said is not thrown away for its length.
  boost::asio::awaitable<bool> keep(const recorded_message& message);

  // Whether a message of so many bytes could be kept now: in the spool, or, should that have no room, in the
  // database. Asked before the greeting, so that nobody speaks in vain.
  boost::asio::awaitable<bool> can_keep(std::uint64_t bytes);

  // Stores what was spooled. Stops while the database is away.
  boost::asio::awaitable<void> replay();
  bool backlog() const { return backlog_; }

  // What operators must see. Totals since the start.
  struct figures {
    std::size_t spooled = 0;          // messages that wait in the spool now
    std::uint64_t spooled_total = 0;  // that went there
    std::uint64_t lost = 0;           // that had been spoken, and could be kept nowhere; their callers were told
    std::uint64_t refused = 0;        // callers who were told so in place of the greeting
  };
  figures read_figures() const;

 private:
  db::database& database_;
  spool& spool_;
  voicemail::audio_keys keys_;
  std::uint64_t spooled_total_ = 0, lost_ = 0, refused_ = 0;
  bool backlog_ = true;  // until the first replay has looked
};

}  // namespace tollgate::gateway::call
