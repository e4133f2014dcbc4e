// SPDX-License-Identifier: Apache-2.0
// Recordings encrypted at rest: AES-256-GCM (NIST SP 800-38D) by OpenSSL, each with a nonce of its own and
// bound to the row it belongs to, so that no recording can be put in another's place. Free of IO.
#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "voicemail/error.hpp"

namespace tollgate::voicemail {

// What is stored: nonce (12 bytes), the encrypted audio, tag (16 bytes); or the plain audio where `key_id` is
// empty.
struct sealed_audio {
  std::string key_id{};
  std::vector<std::byte> bytes{};
};

// The operator's keys by their names. The first one is for what is recorded from now on, all are for reading.
// Without any, recordings are kept plain.
class audio_keys {
 public:
  // A file's content: a line for each key, "name 64-hexadecimal-digits", or "name lost" for one whose
  // recordings are given up; what follows # is no part of it. Throws std::invalid_argument, with the line but
  // never with what is on it.
  static audio_keys parse(std::string_view text);

  const std::string& current() const noexcept { return current_; }  // empty: none
  std::vector<std::string> others() const;                          // all but the current one
  bool has(std::string_view name) const { return keys_.contains(name); }
  bool is_lost(std::string_view name) const { return lost_.contains(name); }

  std::vector<std::string> names() const;                           // all of them

  // `row` names what the audio belongs to; it is needed again for opening.
  sealed_audio seal(std::span<const std::byte> audio, std::string_view row) const;
  // By the key of that name, which there must be.
  std::vector<std::byte> seal_by(std::string_view name, std::span<const std::byte> audio, std::string_view row) const;
  // error::audio_key_unknown: the operator has taken that key out of the file. error::audio_damaged: not what
  // was sealed for this row.
  boost::system::result<std::vector<std::byte>> open(std::string_view key_id,
                                                     std::span<const std::byte> bytes,
                                                     std::string_view row) const;

 private:
  using key = std::array<unsigned char, 32>;
  std::string current_;
  std::map<std::string, key, std::less<>> keys_;
  std::set<std::string, std::less<>> lost_;
};

// SHA-256 (FIPS 180-4), 32 bytes: by it a recording is known whatever it is encrypted by.
std::vector<std::byte> sha256_of(std::span<const std::byte> audio);

}  // namespace tollgate::voicemail
