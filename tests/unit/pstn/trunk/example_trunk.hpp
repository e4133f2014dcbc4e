// SPDX-License-Identifier: Apache-2.0
// A valid trunk to vary in tests.
#pragma once

#include <cstdint>
#include <string>

#include "pstn/trunk/trunk.hpp"

namespace tollgate::pstn::trunk {

inline trunk example_trunk(std::uint8_t number = 1) {
  trunk made;
  made.id.data[15] = number;
  made.carrier_id.data[15] = 1;
  made.name = "trunk-" + std::to_string(number);
  made.host = "192.0.2." + std::to_string(number);
  return made;
}

inline phone_number number_of(const char* e164) {
  return phone_number::parse(e164).value();
}

}  // namespace tollgate::pstn::trunk
