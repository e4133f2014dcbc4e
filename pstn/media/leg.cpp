// SPDX-License-Identifier: Apache-2.0
// Text of the sides of a bridge.
#include "pstn/media/leg.hpp"

namespace tollgate::pstn::media {

std::string_view to_string(side which) noexcept {
  switch (which) {
    case side::overlay:
      return "overlay";
    case side::trunk:
      return "trunk";
  }
  return "";
}

}  // namespace tollgate::pstn::media
