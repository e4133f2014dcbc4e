// SPDX-License-Identifier: Apache-2.0
// A socket for libcurl to an address that it has resolved, if a guard permits that address.
#pragma once

#include <curl/curl.h>

#include "gateway/notify/address_guard.hpp"

namespace tollgate::gateway::notify {

struct guarded_opening {
  const address_guard& guard;
  bool shut = false;  // an address was refused
};

// CURLOPT_OPENSOCKETFUNCTION, with a guarded_opening as CURLOPT_OPENSOCKETDATA.
curl_socket_t open_guarded_socket(void* opening, curlsocktype, curl_sockaddr* to);

}  // namespace tollgate::gateway::notify
