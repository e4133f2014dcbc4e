// SPDX-License-Identifier: Apache-2.0
// One request to a gateway's REST API, for the command line. Blocks, at most 10 s.
#pragma once

#include <string>

#include <boost/system/result.hpp>

namespace tollgate::gateway {

struct api_response {
  unsigned status = 0;
  std::string body;
};

/// `url` is "http://HOST:PORT". Errors: those of the network, or invalid_argument for another kind of URL.
boost::system::result<api_response> ask_api(const std::string& url, const std::string& token,
                                            const std::string& method, const std::string& target,
                                            const std::string& body);

}  // namespace tollgate::gateway
