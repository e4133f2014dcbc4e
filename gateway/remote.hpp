// SPDX-License-Identifier: Apache-2.0
// What the commands that ask a running gateway have in common.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/api_client.hpp"
#include "gateway/command.hpp"

namespace tollgate::gateway {

/// An answer below 300; or another one, and the exit code after having told what is wrong.
struct remote_answer {
  int code = exit_done;
  api_response response;
  boost::json::object body;  ///< if it is an object
};
remote_answer ask_gateway(const configuration& settings, const remote_options& remote,
                          const api_request& request);

/// Whether a gateway answers at all. Waits two seconds at most, and prints nothing.
bool gateway_answers(const configuration& settings, const remote_options& remote);

/// The id of what `list` has ("/v1/trunks") under this name; an id goes on as it is. None: told on standard
/// error, with `code` as the exit code.
std::optional<std::string> find_id(const configuration& settings, const remote_options& remote,
                                   const std::string& list, const std::string& name, int& code);
/// The same of an account.
std::optional<std::string> find_account_id(const configuration& settings, const remote_options& remote,
                                           const std::string& name, int& code);

/// A member as text; "-" if there is none.
std::string text_of(const boost::json::object& from, std::string_view name);

/// A member that is an object; empty if there is none.
const boost::json::object& object_of(const boost::json::object& from, std::string_view name);

/// Text as a part of a URL's path or query: all but the unreserved characters escaped (RFC 3986 §2.1).
std::string url_encoded(std::string_view text);

}  // namespace tollgate::gateway
