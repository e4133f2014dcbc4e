// SPDX-License-Identifier: Apache-2.0
// The address that others are told to send to, where the configuration leaves it open.
#pragma once

#include <string>

namespace tollgate::gateway {

// `configured` if not empty; else `local`, or, if that is a wildcard, the address of the interface of the
// default route
// ("127.0.0.1" when there is none). Sends nothing.
std::string advertised_address(const std::string& configured, const std::string& local);
// The same of an IPv6 `local`: "::1" where there is no route. Empty for an empty one.
std::string advertised_address6(const std::string& configured, const std::string& local);

}  // namespace tollgate::gateway
