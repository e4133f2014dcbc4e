// SPDX-License-Identifier: Apache-2.0
// Argon2id (RFC 9106) of pass-phrases. Blocks for some tens of milliseconds; free of IO but for random bytes.
#pragma once

#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "gateway/subscriber/error.hpp"

namespace tollgate::gateway::subscriber {

/// The encoded hash with a salt of its own. passphrase_unsuitable.
boost::system::result<std::string> hash_passphrase(std::string_view passphrase);

/// Whether the pass-phrase has that hash. An empty or damaged hash takes the same time and is false.
bool verify_passphrase(const std::string& encoded, std::string_view passphrase);

}  // namespace tollgate::gateway::subscriber
