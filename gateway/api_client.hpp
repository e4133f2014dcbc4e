// SPDX-License-Identifier: Apache-2.0
// One request to a gateway's REST API, for the command line. Blocks.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <filesystem>
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

/// Whom to believe at an https URL, and what to show there.
struct api_trust {
  std::filesystem::path authority;         ///< PEM; empty: the system's authorities
  std::filesystem::path own_certificate;   ///< PEM: whoever shows this very certificate is believed, by whatever name
  std::filesystem::path certificate, key;  ///< PEM, for a gateway that asks for a client's certificate
};

/// `url` is "http://HOST:PORT" or "https://HOST:PORT" (TLS 1.2 or 1.3; the certificate must name the host). Errors: those of the
/// network and of TLS, or invalid_argument for another kind of URL or a file of `trust` that cannot be read.
boost::system::result<api_response> ask_api(const std::string& url, const std::string& token,
                                            const api_request& request, const api_trust& trust = {});

}  // namespace tollgate::gateway
