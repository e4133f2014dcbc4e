// SPDX-License-Identifier: Apache-2.0
// A fetched voicemail message as a file.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tollgate::gateway::peer {

/// "voicemail-<id>.ogg"; what does not belong into a file's name is left out of the id.
std::string default_voicemail_name(std::string_view id);

/// Writes the message: decoded where the name ends in ".wav", otherwise the Ogg Opus bytes. Returns its
/// duration. Errors: error::message_damaged, error::sound_unwritable.
boost::system::result<std::chrono::milliseconds> save_voicemail(const std::string& name,
                                                                std::span<const std::byte> ogg_opus);

}  // namespace tollgate::gateway::peer
