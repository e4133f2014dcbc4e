// SPDX-License-Identifier: Apache-2.0
#include "gateway/prompts.hpp"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace tollgate::gateway {
namespace {

voicemail::prompt_set load_prompts(const std::filesystem::path& folder, voicemail::language spoken) {
  auto prompts = voicemail::prompt_set::load(folder, spoken);
  if (!prompts)
    throw std::runtime_error("voicemail: cannot read the prompts in " + folder.string() +
                             " (install asterisk-core-sounds-" + std::string(voicemail::to_text(spoken)) +
                             "-wav, or name another folder)");
  return std::move(*prompts);
}

}  // namespace

voicemail::prompt_library load_prompts(const configuration& settings) {
  const auto own = voicemail::parse_language(settings.voicemail.language).value();
  voicemail::prompt_library library(load_prompts(settings.voicemail.prompts, own));
  for (const auto& each : settings.voicemail.prompts_by_language) {
    const auto spoken = voicemail::parse_language(each.substr(0, 2)).value();
    const std::filesystem::path folder = each.substr(3);
    if (spoken == own) continue;
    if (!std::filesystem::exists(folder)) {
      spdlog::info("event=language_absent language={}", voicemail::to_text(spoken));
      continue;
    }
    library.add(load_prompts(folder, spoken));
  }
  return library;
}

}  // namespace tollgate::gateway
