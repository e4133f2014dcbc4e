// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/call_id.hpp"

#include <boost/uuid/random_generator.hpp>

namespace tollgate::gateway::call {

boost::uuids::uuid make_call_id(std::chrono::system_clock::time_point now) {
  auto id = boost::uuids::random_generator_pure()();
  const auto since_epoch =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const auto milliseconds = static_cast<std::uint64_t>(since_epoch);
  for (int octet = 0; octet < 6; ++octet)
    id.data[octet] = static_cast<std::uint8_t>(milliseconds >> (8 * (5 - octet)));
  id.data[6] = static_cast<std::uint8_t>((id.data[6] & 0x0F) | 0x70);
  id.data[8] = static_cast<std::uint8_t>((id.data[8] & 0x3F) | 0x80);
  return id;
}

}  // namespace tollgate::gateway::call
