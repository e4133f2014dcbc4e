// SPDX-License-Identifier: Apache-2.0
// Whom an address stands for, where clients are counted by theirs. Free of IO.
#pragma once

#include <string>
#include <string_view>

namespace tollgate::gateway::subscriber {

/// The client that an address stands for: an IPv4 address, or the /64 of an IPv6 one, which one subscriber has whole. What is no
/// address stands for itself.
std::string client_of_address(std::string_view address);

}  // namespace tollgate::gateway::subscriber
