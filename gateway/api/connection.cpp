// SPDX-License-Identifier: Apache-2.0
// Reads a request in steps: header, token, route, and only then a body of the size that the route allows.
#include "gateway/api/connection.hpp"

#include <spdlog/spdlog.h>
#include <array>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <pqxx/result>

#include "gateway/api/audit.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/router.hpp"
#include "gateway/db/database.hpp"
#include "voicemail/number_store.hpp"

namespace tollgate::gateway::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::awaitable;

namespace {

constexpr std::uint32_t header_limit_bytes = 16 * 1024;
constexpr std::uint64_t small_body_bytes = 1 << 20;
constexpr auto idle_time = std::chrono::seconds(60);
constexpr auto linger_time = std::chrono::seconds(1);
constexpr std::size_t linger_bytes = 4 << 20;
constexpr auto ignoring_errors = asio::as_tuple(asio::use_awaitable);

// What the parser found wrong, as against a connection that ended.
bool is_malformed(const boost::system::error_code& error) {
  return error.category() == http::make_error_code(http::error::bad_version).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

std::optional<uuid> account_in(const std::string& body) {
  boost::system::error_code error;
  const auto value = boost::json::parse(body, error);
  const auto* const fields = error ? nullptr : value.if_object();
  const auto* const named = fields == nullptr ? nullptr : fields->if_contains("account_id");
  return named != nullptr && named->is_string() ? parse_uuid(std::string_view(named->get_string()))
                                                : std::nullopt;
}

std::string media_type(std::string_view field) {
  std::string type(field.substr(0, std::min(field.find(';'), field.size())));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t'))
    type.pop_back();
  for (char& c : type)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return type;
}

}  // namespace

struct connection::exchange {
  http::request_parser<http::string_body> parser;
  request in;
  const route* chosen = nullptr;
  std::string target;
};

connection::connection(asio::ip::tcp::socket socket, services& with)
    : stream_(std::move(socket)), buffer_(header_limit_bytes * 8), with_(with) {
  boost::system::error_code ignored;
  address_ = stream_.socket().remote_endpoint(ignored).address().to_string();
}

awaitable<void> connection::run() {
  for (bool more = true; more;)
    more = co_await serve_one();  // not in the condition: g++ 12 miscompiles that
  boost::system::error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  // RFC 9112 §9.6: closing with bytes unread would reset the connection, and with it the answer on its way.
  idle_ = true;
  stream_.expires_after(linger_time);
  std::array<char, 4096> waste;
  for (std::size_t wasted = 0; wasted < linger_bytes && !stopping_;) {
    const auto [error, size] = co_await stream_.async_read_some(asio::buffer(waste), ignoring_errors);
    if (error) break;
    wasted += size;
  }
}

void connection::stop() {
  stopping_ = true;
  if (idle_) stream_.cancel();
}

void connection::close() {
  stream_.close();
}

// The answer if the request is refused by its header alone.
awaitable<std::optional<reply>> connection::admit(exchange& now) {
  const auto& header = now.parser.get();
  now.target = std::string(header.target());
  now.in.method = std::string(header.method_string());
  now.in.address = address_;
  now.in.signature = std::string(header["Tollgate-Signature"]);
  now.in.range = std::string(header[http::field::range]);
  now.in.content_type = media_type(header[http::field::content_type]);
  if (!parse_target(now.target, now.in))
    co_return problem(400, "malformed_target", "The request target is malformed.");
  const routing chosen = choose_route(routes(), now.in);
  const bool is_open = chosen.found != nullptr && chosen.found->who.open;
  if (!is_open) {
    const auto owner =
        co_await with_.authority.find(std::string(bearer_token(header[http::field::authorization])));
    if (owner.has_error()) co_return problem(owner.error());
    if (!owner->has_value()) co_return problem(401, "unauthorized", "A valid bearer token is needed.");
    now.in.by = **owner;
  }
  if (chosen.found == nullptr && chosen.allowed.empty())
    co_return problem(404, "not_found", "There is no such resource.");
  if (chosen.found == nullptr) {
    reply refusal = problem(405, "method_not_allowed", "The resource does not have this method.");
    refusal.headers.emplace_back("Allow", chosen.allowed);
    co_return refusal;
  }
  now.chosen = chosen.found;
  co_return co_await authorize(now);
}

// The answer if whoever asks may not use the resource, or not on what the request names.
awaitable<std::optional<reply>> connection::authorize(exchange& now) {
  if (!now.in.by) co_return std::nullopt;
  if (!is_allowed(now.chosen->who, now.in.by->as)) co_return forbidden();
  if (now.in.by->as != role::subscriber) co_return std::nullopt;
  const auto& own = *now.in.by->account_id;
  if (now.chosen->who.of == owner::path && parse_uuid(now.in.parameters[0]) != own) co_return forbidden();
  if (now.chosen->who.of == owner::query)
    for (const auto& [name, value] : now.in.query)
      if (name == "account_id" && parse_uuid(value) != own) co_return forbidden();
  if (now.chosen->who.of == owner::number) {
    const auto number = pstn::phone_number::parse(now.in.parameters[0]);
    if (!number) co_return forbidden();
    const auto read = [&](pqxx::work& tx) { return voicemail::find_number(tx, *number); };
    const boost::system::result<std::optional<voicemail::number_record>> found =
        co_await with_.database.run(read, db::run_options{.idempotent = true});
    if (!found) co_return problem(found.error());
    if (!*found || (*found)->account_id != own) co_return forbidden();
  }
  co_return std::nullopt;
}

awaitable<std::optional<reply>> connection::read_body(exchange& now) {
  const std::uint64_t limit =
      now.chosen->size == body_size::large ? with_.options.body_limit_bytes : small_body_bytes;
  now.parser.body_limit(limit);
  const auto too_large = problem(413, "body_too_large", "The body is larger than this resource takes.");
  if (now.parser.content_length() && *now.parser.content_length() > limit) co_return too_large;
  if (beast::iequals(now.parser.get()[http::field::expect], "100-continue")) {
    http::response<http::empty_body> go_on(http::status::continue_, 11);
    const auto [error, size] = co_await http::async_write(stream_, go_on, ignoring_errors);
    if (error) co_return problem(400, "incomplete", "The request was cut short.");
  }
  const auto [error, size] = co_await http::async_read(stream_, buffer_, now.parser, ignoring_errors);
  if (error == http::error::body_limit) co_return too_large;
  if (error) co_return problem(400, "incomplete", "The request was cut short or is malformed.");
  now.in.body = std::move(now.parser.get().body());
  const bool bound = now.in.by && now.in.by->as == role::subscriber && now.chosen->who.of == owner::body;
  if (bound && account_in(now.in.body) != now.in.by->account_id) co_return forbidden();
  co_return std::nullopt;
}

awaitable<reply> connection::perform(exchange& now) {
  try {
    co_return co_await now.chosen->handle(with_, now.in);
  } catch (const std::exception& failure) {
    spdlog::error("event=api_request_failed request={} text=\"{}\"",
                  boost::uuids::to_string(now.in.request_id), failure.what());
  }
  co_return problem(500, "internal", "The request failed inside the gateway; its log says why.");
}

// One request and its answer. False: the connection is to be closed.
awaitable<bool> connection::serve_one() {
  exchange now;
  now.parser.header_limit(header_limit_bytes);
  now.parser.body_limit(boost::none);
  now.in.request_id = boost::uuids::random_generator()();
  idle_ = true;
  stream_.expires_after(idle_time);
  const auto [broken, header_size] =
      co_await http::async_read_header(stream_, buffer_, now.parser, ignoring_errors);
  idle_ = false;
  stream_.expires_after(with_.options.request_timeout);
  std::optional<reply> out;
  if (broken == http::error::header_limit || broken == http::error::buffer_overflow)
    out = problem(431, "header_too_large", "The request's header is too large.");
  else if (is_malformed(broken))
    out = problem(400, "malformed_request", "The request is not well-formed HTTP.");
  else if (broken)
    co_return false;
  else
    out = co_await admit(now);
  if (!out) out = co_await read_body(now);
  const bool whole = !out;
  if (!out) {
    stream_.expires_never();
    audited_change change(with_, now.in, now.target);
    co_await change.note_before();
    out = co_await perform(now);
    co_await change.note_after(*out);
    stream_.expires_after(with_.options.request_timeout);
  }
  http::response<http::string_body> response(static_cast<http::status>(out->status), 11);
  response.set(http::field::server, "tollgate");
  response.set(http::field::cache_control, "no-store");
  response.set("X-Request-Id", boost::uuids::to_string(now.in.request_id));
  for (const auto& [name, value] : out->headers)
    response.set(name, value);
  if (out->status != 204) response.set(http::field::content_type, out->content_type);
  response.keep_alive(whole && now.parser.get().keep_alive() && !stopping_);
  response.body() = std::move(out->body);
  response.prepare_payload();
  const auto [error, size] = co_await http::async_write(stream_, response, ignoring_errors);
  co_return !error && response.keep_alive();
}

}  // namespace tollgate::gateway::api
