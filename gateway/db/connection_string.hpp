// SPDX-License-Identifier: Apache-2.0
// libpq connection strings: adding settings to one that the admin wrote. Free of IO.
#pragma once

#include <chrono>
#include <string>

#include <boost/system/result.hpp>

namespace tollgate::gateway::db {

struct connection_settings {
  std::chrono::milliseconds connect_timeout{3'000};
  std::chrono::milliseconds statement_timeout{10'000};  ///< also the lock timeout; zero: none
  std::string application_name = "tollgate";
};

/// `url` (URI or key=value form) as key=value form with the settings added: what the admin wrote himself
/// wins, except that time-outs of statements are appended to his `options`. Error:
/// boost::system::errc::invalid_argument if libpq cannot read it.
boost::system::result<std::string> connection_string(const std::string& url,
                                                     const connection_settings& settings);

}  // namespace tollgate::gateway::db
