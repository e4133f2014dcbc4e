// SPDX-License-Identifier: Apache-2.0
// In place of g729.cpp where the build leaves bcg729 out (TOLLGATE_G729=OFF). Free of IO.
#include "pstn/media/g729.hpp"

namespace tollgate::pstn::media {

std::unique_ptr<encoder> make_g729_encoder() {
  return nullptr;
}
std::unique_ptr<decoder> make_g729_decoder() {
  return nullptr;
}

}  // namespace tollgate::pstn::media
