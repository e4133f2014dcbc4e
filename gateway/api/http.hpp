// SPDX-License-Identifier: Apache-2.0
// A request and a reply of the REST API as values, and problems (RFC 9457) as replies. Free of IO.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/fwd.hpp>
#include <boost/system/error_code.hpp>
#include <boost/uuid/uuid.hpp>

#include "gateway/api/access.hpp"

namespace tollgate::gateway::api {

using boost::uuids::uuid;

struct request {
  std::string method;                        ///< "GET"
  std::vector<std::string> path;             ///< decoded segments: {"v1", "accounts", "…"}
  std::map<std::string, std::string> query;  ///< decoded; of a repeated name the last
  std::vector<std::string> parameters;       ///< the segments that stand for {} in the route
  std::string content_type;                  ///< lower case, without parameters
  std::string body;
  std::string range;      ///< header Range, as it came
  std::string signature;  ///< header Tollgate-Signature, as it came
  std::string address;    ///< of the client
  uuid request_id{};
  std::optional<principal> by;  ///< who asks; nothing: the resource needs no token
};

struct reply {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Splits and decodes a request target (RFC 9112 §3.2.1, origin form). False if it is malformed: a bad
/// escape, a NUL, no leading slash, more than 16 segments or 32 query names.
bool parse_target(std::string_view target, request& out);

reply json_reply(unsigned status, const boost::json::value& body);

/// 200 with `body`, or what of it the request's Range asks for (RFC 9110 §14.2): 206, or 416 when it lies beyond the end. A
/// malformed Range, or one of several pieces, is passed over, as the RFC allows.
reply ranged_reply(const request& from, std::string content_type, std::string body);

/// One thing wrong with the request's content.
struct field_error {
  std::string field;
  std::string text;
};

/// application/problem+json: {"type":"about:blank","title","status","code","detail","errors"?}. `code` is the
/// stable word for programs, `detail` a sentence for people.
reply problem(unsigned status, std::string_view code, std::string_view detail,
              const std::vector<field_error>& errors = {});

/// 403: the token's role does not allow this.
reply forbidden();

/// The problem that an error of any of our modules is.
reply problem(const boost::system::error_code& error);

}  // namespace tollgate::gateway::api
