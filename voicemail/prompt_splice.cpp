// SPDX-License-Identifier: Apache-2.0
// Where the digits are in the recordings of asterisk-core-sounds 1.6.1: found by matching each speaker's own
// digits with them (dynamic time warping of cepstra), and moved into the pause beside.
#include "voicemail/prompt_splice.hpp"

#include <algorithm>
#include <array>

namespace tollgate::voicemail {
namespace {

using enum language;

struct place {
  language spoken;
  std::string_view clip;
  std::size_t length;
  int from_ms, to_ms;
};

constexpr std::array places{
    place{english, "vm-repeat", 23'134, 472, 917},      place{english, "vm-toforward", 26'645, 430, 807},
    place{english, "vm-undelete", 23'491, 380, 917},    place{spanish, "vm-repeat", 29'893, 990, 1512},
    place{spanish, "vm-toforward", 48'957, 1222, 1727}, place{spanish, "vm-undelete", 32'078, 945, 1457},
    place{french, "vm-repeat", 23'032, 2330, 2867},     place{french, "vm-toforward", 34'615, 3850, 4317},
    place{french, "vm-undelete", 24'084, 2520, 3002},   place{italian, "vm-repeat", 22'384, 420, 977},
    place{italian, "vm-toforward", 26'783, 467, 952},   place{italian, "vm-undelete", 20'669, 385, 882},
    place{russian, "vm-repeat", 24'754, 567, 900},      place{russian, "vm-toforward", 31'813, 548, 1022},
    place{russian, "vm-undelete", 26'146, 545, 947},
};

// In whole clips, less smoothly: "press nine for: message undeleted".
utterance otherwise(std::string_view clip, std::string_view digit) {
  utterance said{"vm-press", "digits/" + std::string(digit), "vm-for"};
  said.emplace_back(clip == "vm-undelete"    ? "vm-undeleted"
                    : clip == "vm-toforward" ? "vm-msgforwarded|vm-msgsaved"
                                             : "vm-message");
  return said;
}

}  // namespace

std::optional<prompt_splice> splice_of(language spoken, std::string_view name) {
  const auto sign = name.find('=');
  if (sign == std::string_view::npos) return std::nullopt;
  const auto clip = name.substr(0, sign), digit = name.substr(sign + 1);
  prompt_splice splice{std::string(clip), "digits/" + std::string(digit), 0, 0, 0, otherwise(clip, digit)};
  const auto found = std::find_if(places.begin(), places.end(),
                                  [&](const place& one) { return one.spoken == spoken && one.clip == clip; });
  if (found == places.end()) return splice;
  splice.length = found->length;
  splice.digit_from_ms = found->from_ms;
  splice.digit_to_ms = found->to_ms;
  return splice;
}

std::string own_file_of(std::string_view name) {
  std::string file(name);
  std::replace(file.begin(), file.end(), '=', '-');
  return file;
}

}  // namespace tollgate::voicemail
