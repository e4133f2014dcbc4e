// SPDX-License-Identifier: Apache-2.0
// A request and a reply of the REST API as values, and problems (RFC 9457) as replies. Free of IO.
#pragma once

#include <map>
#include <memory>
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

class body_stream;

struct request {
  std::string method;                        ///< "GET"
  std::vector<std::string> path;             ///< decoded segments: {"v1", "accounts", "…"}
  std::map<std::string, std::string> query;  ///< decoded
  std::vector<std::string> parameters;       ///< the segments that stand for {} in the route
  std::string content_type;                  ///< lower case, without parameters
  std::string body;
  std::string range;      ///< header Range, as it came
  std::string accept;     ///< header Accept, likewise
  std::string last_event_id;  ///< header Last-Event-ID, likewise
  std::string signature;  ///< header Tollgate-Signature, as it came
  std::string address;    ///< of the client
  uuid request_id{};
  std::optional<uuid> made_id;  ///< of what the request makes, if its body names none: fixed by its Idempotency-Key
  std::optional<principal> by;  ///< who asks; nothing: the resource needs no token
};

struct reply {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string code{};  ///< of a problem, for the log
  std::vector<std::string_view> about{};  ///< of a problem: which field of the request it may be about (point_at)
  std::shared_ptr<body_stream> stream{};  ///< in place of `body`: one that goes on (body_stream.hpp)
};

/// Splits and decodes a request target (RFC 9112 §3.2.1, origin form). False if it is malformed: a bad
/// escape, a NUL, no leading slash, more than 16 segments or 32 query names, a query name that comes twice.
bool parse_target(std::string_view target, request& out);

reply json_reply(unsigned status, const boost::json::value& body);

/// 200 with `body`, or what of it the request's Range asks for (RFC 9110 §14.2): 206, or 416 when it lies beyond the end. A
/// malformed Range, or one of several pieces, is passed over, as the RFC allows.
reply ranged_reply(const request& from, std::string content_type, std::string body);

/// One thing wrong with the request's content.
struct field_error {
  std::string field;
  std::string text;
  std::string pointer{};   ///< of a JSON body: where it is (RFC 6901, "/digest/username"); empty: not in one
  bool in_query = false;   ///< `field` is a parameter of the query
};

/// "/digest~1x" for a member "digest/x" (RFC 6901 §3).
std::string json_pointer(std::string_view member);

/// application/problem+json: {"type":"about:blank","title","status","code","detail","errors"?}. `code` is the
/// stable word for programs, `detail` a sentence for people; each of errors[] has `field`, `detail`, and `pointer` or
/// `parameter`. The request's id is added where the reply is sent (name_request).
reply problem(unsigned status, std::string_view code, std::string_view detail,
              const std::vector<field_error>& errors = {});

/// Gives a problem that an error of our modules is its errors[]: the first field of `about` that the request has.
void point_at(reply& out, const request& from);

/// Puts "request_id" into a problem; other replies stay as they are.
void name_request(reply& out, const uuid& request_id);

/// 403: the token's role does not allow this.
reply forbidden();

/// The problem that an error of any of our modules is.
reply problem(const boost::system::error_code& error);

}  // namespace tollgate::gateway::api
