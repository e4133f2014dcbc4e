// SPDX-License-Identifier: Apache-2.0
// The keys of what is stored: whether they are all there, and the change from one to the next, in PostgreSQL
// (schema voicemail).
#pragma once

#include <boost/uuid/uuid.hpp>
#include <string>
#include <vector>

#include "voicemail/audio_keys.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::voicemail {

// To be asked before any is used. Sentences for the operator: keys that are not those that had their names before, on whatever node,
// and keys by which recordings are stored and that are not there. Those that are given as lost are not missed.
std::vector<std::string> take_up_keys(pqxx::transaction_base& tx, const audio_keys& keys);

// How far the change has come: messages, then greetings; those that are plain, then those by each key that is
// not the current one.
struct key_change {
  std::size_t stage = 0;
  std::string after_account{};  // of the last that was looked at in this stage; empty: none yet
  std::string after_item{};
  bool is_over = false;
  int changed = 0;  // by the last call
  int damaged = 0;
};

// Looks at `limit` recordings at most and encrypts them by the current key; goes on where it left off.
// Several nodes may do so at once, and whoever reads is not kept waiting. Without a current key it is over at
// once.
void encrypt_anew(pqxx::transaction_base& tx, const audio_keys& keys, int limit, key_change& progress);

}  // namespace tollgate::voicemail
