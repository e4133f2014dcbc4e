// SPDX-License-Identifier: Apache-2.0
// Names and usual descriptions of the codecs. Free of IO.
#include "pstn/media/codec_description.hpp"

namespace tollgate::pstn::media {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view encoding_name(codec_id id) noexcept {
  switch (id) {
    case codec_id::pcma:
      return "PCMA";
    case codec_id::pcmu:
      return "PCMU";
    case codec_id::g722:
      return "G722";
    case codec_id::g726_32:
      return "G726-32";
    case codec_id::gsm:
      return "GSM";
    case codec_id::g729:
      return "G729";
    case codec_id::opus:
      return "opus";
  }
  return "";
}

std::optional<codec_id> find_codec(std::string_view name) noexcept {
  for (const codec_id id : all_codecs)
    if (equal_ignoring_case(encoding_name(id), name)) return id;
  return std::nullopt;
}

codec_description default_description(codec_id id) {
  switch (id) {
    case codec_id::pcma:
      return {codec_id::pcma, 8, 8000, 1, {}};
    case codec_id::pcmu:
      return {codec_id::pcmu, 0, 8000, 1, {}};
    case codec_id::g722:
      return {codec_id::g722, 9, 8000, 1, {}};
    case codec_id::g726_32:
      return {codec_id::g726_32, 102, 8000, 1, {}};
    case codec_id::gsm:
      return {codec_id::gsm, 3, 8000, 1, {}};
    case codec_id::g729:
      return {codec_id::g729, 18, 8000, 1, "annexb=yes"};
    case codec_id::opus:
      return {codec_id::opus, 111, 48000, 2, "minptime=10;useinbandfec=1"};
  }
  return {};
}

std::optional<codec_id> static_codec(int payload_type) noexcept {
  switch (payload_type) {
    case 0:
      return codec_id::pcmu;
    case 3:
      return codec_id::gsm;
    case 8:
      return codec_id::pcma;
    case 9:
      return codec_id::g722;
    case 18:
      return codec_id::g729;
    default:
      return std::nullopt;
  }
}

bool is_g711(codec_id id) noexcept {
  return id == codec_id::pcma || id == codec_id::pcmu;
}

int voice_rate_hz(codec_id id) noexcept {
  return id == codec_id::g722 || id == codec_id::opus ? 16000 : 8000;
}

std::chrono::milliseconds frame_granularity(codec_id id) noexcept {
  return std::chrono::milliseconds(id == codec_id::gsm ? 20 : 10);
}

std::optional<std::string_view> find_parameter(std::string_view parameters, std::string_view name) noexcept {
  while (!parameters.empty()) {
    const auto end = parameters.find(';');
    const std::string_view item = trimmed(parameters.substr(0, end));
    parameters = end == std::string_view::npos ? std::string_view{} : parameters.substr(end + 1);
    const auto equals = item.find('=');
    if (!equal_ignoring_case(trimmed(item.substr(0, equals)), name)) continue;
    return equals == std::string_view::npos ? std::string_view{} : trimmed(item.substr(equals + 1));
  }
  return std::nullopt;
}

}  // namespace tollgate::pstn::media
