// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gateway/configuration.hpp"
#include "voicemail/prompts.hpp"

namespace tollgate::gateway {

/// The spoken prompts. The carrier's own language has to be there (std::runtime_error: it is not); of the
/// others, those whose folders are.
voicemail::prompt_library load_prompts(const configuration& settings);

}  // namespace tollgate::gateway
