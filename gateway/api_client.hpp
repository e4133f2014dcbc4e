// SPDX-License-Identifier: Apache-2.0
// One request to a gateway's REST API, for the command line. Blocks.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <map>
#include <string>

namespace tollgate::gateway {

struct api_request {
  std::string method = "GET";
  std::string target;  ///< "/v1/…", encoded
  std::string body{};
  std::string content_type = "application/json";  ///< of the body, if there is one
  std::chrono::seconds timeout{10};               ///< over all of it
};

struct api_response {
  unsigned status = 0;
  std::string content_type;
  std::string body;
  std::map<std::string, std::string> headers;  ///< names in lower case

  std::string header(std::string name) const;  ///< empty: there is none
};

/// `url` is "http://HOST:PORT". Errors: those of the network, or invalid_argument for another kind of URL.
boost::system::result<api_response> ask_api(const std::string& url, const std::string& token,
                                            const api_request& request);

}  // namespace tollgate::gateway
