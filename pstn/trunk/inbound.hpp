// SPDX-License-Identifier: Apache-2.0
// Which trunk an INVITE came over: by its source address, by digest, or by both; nothing else in the message
// is believed. Free of IO.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "pstn/trunk/trunk.hpp"

namespace tollgate::pstn::trunk {

/// The enabled trunk that the address belongs to, of those for which that is enough; null for a stranger.
/// Among several the one whose port fits too is taken, then the narrowest block, then the first. `source_ip`
/// is an IPv4 or IPv6 address as text.
const trunk* match_inbound(std::span<const trunk> trunks, std::string_view source_ip,
                           std::uint16_t source_port = 0);

/// What an INVITE has to show, by its source and the user that its digest claims to be (empty: it has none).
struct inbound_judgement {
  const trunk* by = nullptr;  ///< the trunk that it belongs to, if it can prove it; null: to none
  bool digest =
      false;  ///< it is to prove itself by digest: also asked of strangers, where one might be no stranger
};
inbound_judgement judge_inbound(std::span<const trunk> trunks, std::string_view source_ip,
                                std::uint16_t source_port, std::string_view user);

/// Is that an address ("192.0.2.1", "2001:db8::1") or a block ("192.0.2.0/24")?
bool is_address_or_block(std::string_view text);

}  // namespace tollgate::pstn::trunk
