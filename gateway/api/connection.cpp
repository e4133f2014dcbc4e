// SPDX-License-Identifier: Apache-2.0
// Reads a request in steps: header, token, route, and only then a body of the size that the route allows.
#include "gateway/api/connection.hpp"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <array>
#include <tuple>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
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

#include "gateway/api/answering.hpp"
#include "gateway/api/audit.hpp"
#include "gateway/api/body_stream.hpp"
#include "gateway/api/document.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/forwarded.hpp"
#include "gateway/api/hash_turns.hpp"
#include "gateway/api/header.hpp"
#include "gateway/api/idempotency.hpp"
#include "gateway/api/list_manners.hpp"
#include "gateway/api/read_cache.hpp"
#include "gateway/api/router.hpp"
#include "gateway/db/database.hpp"
#include "gateway/logging/line.hpp"
#include "gateway/logging/stream_sink.hpp"
#include "gateway/subscriber/error.hpp"
#include "voicemail/number_store.hpp"

namespace tollgate::gateway::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::awaitable;

namespace {

constexpr std::uint32_t header_limit_bytes = 16 * 1024;
constexpr std::uint64_t small_body_bytes = 64 << 10;  // parsed on the thread of calls
constexpr std::uint64_t open_body_bytes = 16 << 10;  // of whoever has no token
constexpr auto idle_time = std::chrono::seconds(60);
constexpr auto linger_time = std::chrono::seconds(1);
constexpr std::uint64_t slowest_bytes_a_second = 64 << 10;
constexpr std::size_t linger_bytes = 4 << 20;
constexpr std::size_t written_bytes = 64 << 10;  // at a time
constexpr std::size_t method_told_bytes = 16;
constexpr auto ignoring_errors = asio::as_tuple(asio::use_awaitable);

constexpr std::string_view payment_events = "/v1/payment_events";

// A limit of their own: other guesses of the same address do not keep payments out.
std::string wrongly_signed(const std::string& client) {
  return "signature " + client;
}

// Open resources that are asked often by the same neighbours.
bool is_uncounted(const route& of) {
  return of.pattern == "/health" || of.pattern == payment_events;
}

// Likewise, but every answer is some work: limits of their own.
bool has_own_limit(const route& of) {
  return of.pattern == "/metrics" || of.pattern == "/ready";
}

// What the parser found wrong, as against a connection that ended.
bool is_malformed(const boost::system::error_code& error) {
  return error.category() == http::make_error_code(http::error::bad_version).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

void put_limit(http::fields& into, const rate_limiter::verdict& rate) {
  if (rate.limit == 0) return;
  into.set("RateLimit-Limit", std::to_string(rate.limit));
  into.set("RateLimit-Remaining", std::to_string(rate.remaining));
  into.set("RateLimit-Reset", std::to_string(rate.reset.count()));
}

std::optional<uuid> account_in(const std::string& body) {
  boost::system::error_code error;
  const auto value = boost::json::parse(body, error);
  const auto* const fields = error ? nullptr : value.if_object();
  const auto* const named = fields == nullptr ? nullptr : fields->if_contains("account_id");
  return named != nullptr && named->is_string() ? parse_uuid(std::string_view(named->get_string()))
                                                : std::nullopt;
}

}  // namespace

struct connection::exchange {
  explicit exchange(const services& of_server) : with(of_server) {}
  services with;  // whose work in the database is told of with the request's id; a stream of events keeps using it
  http::request_parser<http::string_body> parser;
  request in;
  const route* chosen = nullptr;
  bool has_client = true;  // false: a trusted proxy does not make clear whose it is
  bool is_head = false;  // answered as the GET is, without its body (RFC 9110 §9.3.2)
  std::string target;
  std::string token;
  precondition given;
  list_wish wish;
  std::string accept_encoding;
  std::optional<std::string> key;  // of idempotency
  std::optional<body_budget::share> room;  // for a large body
  rate_limiter::verdict rate;
  std::chrono::steady_clock::time_point began{};
};

connection::connection(asio::ip::tcp::socket socket, client_stream::tls_context tls, services& with, shared_desk& desk, read_cache& cache,
                       hash_turns& turns)
    : stream_(std::move(socket), std::move(tls)), buffer_(header_limit_bytes * 8), with_(with), desk_(desk), cache_(cache), turns_(turns),
      log_(spdlog::get(logging::request_logger)) {
  if (log_ == nullptr) log_ = spdlog::default_logger();
  boost::system::error_code ignored;
  peer_ = stream_.transport().socket().remote_endpoint(ignored).address();
  address_ = peer_.to_string();
}

awaitable<void> connection::run() {
  stream_.transport().expires_after(with_.options.slow_client);
  const bool opened = co_await stream_.open();
  for (bool more = opened; more;)
    more = co_await serve_one();  // not in the condition: g++ 12 miscompiles that
  idle_ = true;
  if (!opened || closed_) co_return;
  stream_.transport().expires_after(linger_time);
  co_await stream_.finish();
  // RFC 9112 §9.6: closing with bytes unread would reset the connection, and with it the answer on its way.
  std::array<char, 4096> waste;
  for (std::size_t wasted = 0; wasted < linger_bytes && !stopping_;) {
    const auto [error, size] = co_await stream_.transport().async_read_some(asio::buffer(waste), ignoring_errors);
    if (error) break;
    wasted += size;
  }
}

void connection::stop() {
  stopping_ = true;
  if (idle_) stream_.transport().cancel();
  if (streamed_) streamed_->stop();
}

void connection::close() {
  closed_ = true;
  stream_.transport().close();
}

std::optional<std::chrono::steady_clock::time_point> connection::idle_since() const {
  return (idle_ || writes_) && !closed_ ? std::optional(idle_since_) : std::nullopt;
}

std::optional<std::chrono::steady_clock::time_point> connection::body_since() const {
  return reads_body_ && !closed_ ? std::optional(idle_since_) : std::nullopt;
}

// By the kernel's word: what the client may have sent beyond its request lies unread meanwhile. Who has shut down its sending side
// counts as gone, as with other servers.
void connection::look_after_client() {
  if (abandoned_ == nullptr || abandoned_->is_abandoned() || closed_) return;
  pollfd client{stream_.transport().socket().native_handle(), POLLRDHUP, 0};
  if (::poll(&client, 1, 0) <= 0 || (client.revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0) return;
  abandoned_->abandon();
  asio::post(desk_.canceller, [gone = abandoned_] { gone->cancel(); });
  if (with_.figures != nullptr) ++with_.figures->connections.clients_gone;
}

void connection::refuse_body(api_figures::refused_body why) const {
  if (with_.figures != nullptr) with_.figures->count(why);
}

// The deadline for so many bytes, from now on.
void connection::allow(std::uint64_t bytes) {
  const std::chrono::milliseconds wanted = with_.options.slow_client + std::chrono::seconds(bytes / slowest_bytes_a_second);
  stream_.transport().expires_after(std::min<std::chrono::milliseconds>(wanted, with_.options.request_timeout));
}

// By the header: whose request it is, where the connection is a trusted proxy's.
void connection::find_client(exchange& now) {
  if (!with_.options.trusted_proxies.contains(peer_)) return;
  const auto& header = now.parser.get();
  const auto client = client_behind(peer_, {fields_of(header, "X-Forwarded-For"), fields_of(header, "Forwarded")}, with_.options.trusted_proxies);
  now.has_client = client.has_value();
  address_ = client.value_or(peer_).to_string();
}

// Who asks, and whether they have asked too often.
awaitable<std::optional<reply>> connection::identify(exchange& now, bool is_open) {
  const auto works_for = [&](const std::string& whose) {
    now.with.database = now.with.database.of_client(whose);
    now.with.logins = now.with.logins.within(now.with.database);
  };
  const auto too_many = [&] {
    reply refusal = problem(429, "too_many_requests", "Too many requests within a minute.");
    refusal.headers.emplace_back("Retry-After", std::to_string(now.rate.reset.count()));
    return refusal;
  };
  const std::string client = client_of_address(address_);
  if (!now.has_client) {
    now.rate = desk_.by_address.take(client, now.began);
    if (!now.rate.allowed) co_return too_many();
    co_return problem(400, "forwarded_malformed",
                      "X-Forwarded-For or Forwarded cannot be read, or they name different clients: the proxy is to set one of them and remove the other.");
  }
  if (is_open) works_for(client);
  // Who watches over the gateway is not kept out by a neighbour's guesses, nor a payment provider: it counts where its signature is
  // wrong (perform).
  if (is_open && now.chosen != nullptr && is_uncounted(*now.chosen)) {
    if (now.chosen->pattern != payment_events) co_return std::nullopt;
    now.rate = desk_.by_address.look(wrongly_signed(client), now.began);
    co_return now.rate.allowed ? std::nullopt : std::optional(too_many());
  }
  if (is_open) {
    const bool apart = now.chosen != nullptr && has_own_limit(*now.chosen);
    now.rate = desk_.by_address.take(apart ? std::string(now.chosen->pattern) + " " + client : client, now.began);
    co_return now.rate.allowed ? std::nullopt : std::optional(too_many());
  }
  // Whoever guesses tokens does not keep the database busy; whoever has one is not kept out by a neighbour.
  if (!with_.authority.remembers(now.token)) {
    now.rate = desk_.by_address.look(client, now.began);
    if (!now.rate.allowed) co_return too_many();
  }
  const auto owner = co_await with_.authority.find(now.token, client);
  if (owner.has_error()) co_return problem(owner.error());
  if (!owner->has_value()) {
    now.rate = desk_.by_address.take(client, now.began);
    co_return problem(401, "unauthorized", "A valid bearer token is needed.");
  }
  now.in.by = **owner;
  works_for(client_of(*now.in.by));
  // A subscriber's log-ins, however many and from wherever, are one subscriber.
  now.rate = desk_.by_token.take(uuid_text(now.in.by->account_id.value_or(now.in.by->token_id)), now.began);
  co_return now.rate.allowed ? std::nullopt : std::optional(too_many());
}

// The answer if the request is refused by its header alone.
awaitable<std::optional<reply>> connection::admit(exchange& now) {
  const auto& header = now.parser.get();
  now.began = std::chrono::steady_clock::now();
  now.target = std::string(header.target());
  now.token = std::string(bearer_token(header[http::field::authorization]));
  now.given = {std::string(header[http::field::if_match]), std::string(header[http::field::if_none_match])};
  now.accept_encoding = std::string(header[http::field::accept_encoding]);
  now.is_head = header.method() == http::verb::head;
  now.in.method = now.is_head ? "GET" : std::string(header.method_string());
  find_client(now);
  now.in.address = address_;
  now.in.signature = std::string(header["Tollgate-Signature"]);
  now.in.range = std::string(header[http::field::range]);
  now.in.accept = std::string(header[http::field::accept]);
  now.in.last_event_id = std::string(header["Last-Event-ID"]);
  now.in.content_type = media_type(header[http::field::content_type]);
  const bool readable = parse_target(now.target, now.in);
  const routing chosen = readable ? choose_route(routes(), now.in) : routing{};
  const bool is_open = !readable || (chosen.found != nullptr && chosen.found->who.open);
  now.chosen = chosen.found;
  if (auto refusal = co_await identify(now, is_open)) co_return refusal;
  if (!readable) co_return problem(400, "malformed_target", "The request target is malformed.");
  if (chosen.found == nullptr && chosen.allowed.empty())
    co_return problem(404, "not_found", "There is no such resource.");
  if (chosen.found == nullptr) {
    reply refusal = problem(405, "method_not_allowed", "The resource does not have this method.");
    refusal.headers.emplace_back("Allow", chosen.allowed);
    co_return refusal;
  }
  if (const auto field = header.find("Idempotency-Key"); field != header.end() && takes_key(*now.chosen)) {
    now.key = read_idempotency_key(std::string_view(field->value()));
    if (!now.key) co_return problem(400, "idempotency_key_malformed", "An Idempotency-Key has 1 to 255 visible characters.");
  }
  auto refused = co_await authorize(now);
  if (!refused) refused = refuse_unknown_parameters(*now.chosen, now.in);
  // RFC 9110 §13.1.1: what depends on a condition is not done where none is looked at.
  if (!refused && now.in.method == "POST" && !now.given.if_match.empty())
    co_return problem(400, "condition_unsupported", "If-Match is for PUT, PATCH and DELETE: a POST is not done by it.");
  if (!refused) refused = take_wish(*now.chosen, now.in, now.wish);
  co_return refused;
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
        co_await now.with.database.run(read, db::run_options{.idempotent = true});
    if (!found) co_return problem(found.error());
    if (!*found || (*found)->account_id != own) co_return forbidden();
  }
  co_return std::nullopt;
}

awaitable<std::optional<reply>> connection::read_body(exchange& now) {
  const std::uint64_t limit = now.chosen->who.open                     ? open_body_bytes
                              : now.chosen->size == body_size::large ? with_.options.body_limit_bytes
                                                                     : small_body_bytes;
  now.parser.body_limit(limit);
  const auto too_large = problem(413, "body_too_large", "The body is larger than this resource takes.");
  using refused = api_figures::refused_body;
  if (now.parser.content_length() && *now.parser.content_length() > limit) {
    refuse_body(refused::too_large);
    co_return too_large;
  }
  const std::uint64_t expected = now.parser.content_length().value_or(limit);
  if (expected > small_body_bytes && now.in.by) {
    auto room = desk_.large_bodies.take(uuid_text(now.in.by->account_id.value_or(now.in.by->token_id)), expected);
    if (!room) {
      refuse_body(refused::busy);
      reply refusal = problem(503, "bodies_busy", "As many large bodies are being read as there is room for: send this one again when another is done.");
      refusal.headers.emplace_back("Retry-After", "10");
      co_return refusal;
    }
    now.room.emplace(std::move(*room));
  }
  allow(expected);
  if (beast::iequals(now.parser.get()[http::field::expect], "100-continue")) {
    http::response<http::empty_body> go_on(http::status::continue_, 11);
    const auto [error, size] = co_await http::async_write(stream_, go_on, ignoring_errors);
    if (error) co_return problem(400, "incomplete", "The request was cut short.");
  }
  const auto [error, size] = co_await http::async_read(stream_, buffer_, now.parser, ignoring_errors);
  if (error) refuse_body(error == http::error::body_limit ? refused::too_large : refused::cut);
  if (error == http::error::body_limit) co_return too_large;
  if (error) co_return problem(400, "incomplete", "The request was cut short or is malformed.");
  now.in.body = std::move(now.parser.get().body());
  const bool bound = now.in.by && now.in.by->as == role::subscriber && now.chosen->who.of == owner::body;
  if (bound && account_in(now.in.body) != now.in.by->account_id) co_return forbidden();
  co_return std::nullopt;
}

awaitable<reply> connection::carry_out(exchange& now) {
  try {
    const bool changes = now.in.method != "GET" && now.in.method != "POST";
    if (changes && !now.given.empty()) co_return co_await change_if(now.with, now.in, *now.chosen, now.given);
    co_return co_await now.chosen->handle(now.with, now.in);
  } catch (const std::exception& failure) {
    spdlog::error("event=api_request_failed request_id={} text={}",
                  boost::uuids::to_string(now.in.request_id), logging::text(failure.what()));
  }
  co_return problem(500, "internal", "The request failed inside the gateway; its log says why.");
}

// With the record of what was changed, and of what was answered under its key.
awaitable<reply> connection::perform(exchange& now) {
  const bool is_cached = read_cache::takes(*now.chosen);
  const std::string cache_key = is_cached ? read_cache::key_of(now.in, now.target) : std::string();
  if (is_cached)
    if (const reply* const known = cache_.find(cache_key, now.began)) co_return *known;
  const auto begun = cache_.generation();
  std::optional<hash_turns::held> turn;
  if (hash_turns::takes(*now.chosen, now.in)) {
    turn = turns_.begin(*now.in.by->account_id);
    if (!turn) co_return problem(subscriber::make_error_code(subscriber::errc::overloaded));
  }
  std::optional<keyed_request> keyed;
  if (now.key) {
    keyed.emplace(now.with, now.in, *now.chosen, *now.key, desk_.compressor);
    if (auto known = co_await keyed->begin()) co_return std::move(*known);
  }
  // What only reads is given up when its client goes; a change goes on to its end.
  struct watched {
    explicit watched(std::shared_ptr<abandonment>& flag) : of(flag) {}
    watched(const watched&) = delete;
    watched& operator=(const watched&) = delete;
    ~watched() { of.reset(); }
    std::shared_ptr<abandonment>& of;
  };
  const watched client(abandoned_);
  if (now.in.method == "GET") {
    abandoned_ = std::make_shared<abandonment>();
    now.with.database = now.with.database.unless(abandoned_);
  }
  audited_change change(now.with, now.in, now.target);
  co_await change.note_before();
  reply out = co_await carry_out(now);
  if (abandoned_ != nullptr && abandoned_->is_abandoned()) out = problem(499, "client_gone", "The client went before there was an answer.");
  co_await fulfil_wish(now.wish, out, desk_.compressor);
  if (is_cached)
    cache_.keep(cache_key, out, begun, std::chrono::steady_clock::now());
  else if (now.in.method != "GET")
    cache_.clear();
  const bool unsigned_event = out.status == 401 || with_.options.webhook_secret.empty();
  if (unsigned_event && now.chosen->pattern == payment_events) desk_.by_address.take(wrongly_signed(client_of_address(address_)), now.began);
  point_at(out, now.in);
  if (keyed) co_await keyed->end(out);
  co_await change.note_after(out);
  co_return out;
}

// Waits for the first byte of a request. False: there will be none.
awaitable<bool> connection::await_request() {
  idle_ = true;
  idle_since_ = std::chrono::steady_clock::now();
  if (buffer_.size() > 0) co_return true;
  constexpr std::size_t first_bytes = 4'096;
  stream_.transport().expires_after(idle_time);
  const auto [error, size] = co_await stream_.async_read_some(buffer_.prepare(first_bytes), ignoring_errors);
  if (error) co_return false;
  buffer_.commit(size);
  co_return true;
}

// False: the connection has ended. With an answer in `out` it is to be closed after that.
awaitable<bool> connection::read_header(exchange& now, std::optional<reply>& out) {
  stream_.transport().expires_after(with_.options.slow_client);
  const auto [broken, size] = co_await http::async_read_header(stream_, buffer_, now.parser, ignoring_errors);
  idle_ = false;
  allow(0);
  if (broken == http::error::header_limit || broken == http::error::buffer_overflow)
    out = problem(431, "header_too_large", "The request's header is too large.");
  else if (is_malformed(broken))
    out = problem(400, "malformed_request", "The request is not well-formed HTTP.");
  co_return !broken || out;
}

// One request and its answer. False: the connection is to be closed.
awaitable<bool> connection::serve_one() {
  exchange now(with_);
  now.parser.header_limit(header_limit_bytes);
  now.parser.body_limit(boost::none);
  now.in.request_id = boost::uuids::random_generator_pure()();  // the other one seeds an engine each time
  now.with.database = with_.database.of_request(now.in.request_id);
  const bool begun = co_await await_request();
  if (!begun) co_return false;
  std::optional<reply> out;
  const bool alive = co_await read_header(now, out);
  if (!alive) co_return false;
  if (!out) out = co_await admit(now);
  if (!out) {
    idle_ = !now.in.by;  // a stranger's body must not keep others out, however slowly it comes
    reads_body_ = true;
    out = co_await read_body(now);
    idle_ = reads_body_ = false;
  }
  const bool whole = !out;
  if (!out) {
    stream_.transport().expires_never();
    out = co_await perform(now);
  }
  co_return co_await answer(now, std::move(*out), whole);
}

// A body that goes on until the client, its token or the gateway ends it. It is closed at its end, which is how HTTP/1.1 tells
// the end of one without a length (RFC 9112 §6.3).
awaitable<void> connection::send_stream(exchange& now, const reply& out) {
  const auto from = out.stream;
  streamed_ = from;
  http::response<http::empty_body> head(http::status::ok, 11);
  head.set(http::field::server, "tollgate");
  head.set(http::field::cache_control, "no-store");
  head.set("X-Content-Type-Options", "nosniff");
  head.set("X-Accel-Buffering", "no");  // nginx would gather it
  head.set("X-Request-Id", boost::uuids::to_string(now.in.request_id));
  put_limit(head, now.rate);
  for (const auto& [name, value] : out.headers)
    head.set(name, value);
  head.set(http::field::content_type, out.content_type);
  head.keep_alive(false);
  http::response_serializer<http::empty_body> serializer(head);
  allow(0);
  idle_since_ = std::chrono::steady_clock::now();
  writes_ = true;
  const auto [broken, sent] = co_await http::async_write_header(stream_, serializer, ignoring_errors);
  writes_ = false;
  auto checked = std::chrono::steady_clock::now();
  for (bool goes_on = !broken; goes_on && !stopping_ && !closed_;) {
    stream_.transport().expires_never();
    std::string piece = co_await from->next();
    if (piece.empty()) break;
    allow(piece.size());  // a reader who has not taken it by then is cut
    std::string no_head;
    goes_on = co_await write(std::move(no_head), std::move(piece));
    if (!goes_on || std::chrono::steady_clock::now() - checked < with_.options.stream_check) continue;
    checked = std::chrono::steady_clock::now();
    const std::string whose = client_of(*now.in.by);
    const auto owner = co_await with_.authority.find(now.token, whose);
    goes_on = owner.has_error() || owner->has_value();  // while the database is away nobody can have been shut out
  }
  streamed_.reset();
}

// One line a request, by whom and what for: neither its query nor the names in its path, which may be numbers.
void connection::tell_of(const exchange& now, const reply& out) const {
  using clock = std::chrono::steady_clock;
  if (with_.figures != nullptr)
    with_.figures->count(now.chosen, out.status, out.stream || now.began == clock::time_point{} ? std::nullopt : std::optional(clock::now() - now.began));
  const bool is_probe = out.status < 400 && now.chosen != nullptr && now.chosen->who.open && now.chosen->pattern != payment_events;
  const auto level = out.status >= 500 ? spdlog::level::warn : is_probe ? spdlog::level::debug : spdlog::level::info;
  if (!log_->should_log(level)) return;
  const bool was_read = now.began != std::chrono::steady_clock::time_point{};
  const auto took = was_read ? std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - now.began)
                             : std::chrono::milliseconds(0);
  std::string line = "event=api_request request_id=" + boost::uuids::to_string(now.in.request_id);
  if (was_read) line += " method=" + logging::text(std::string_view(now.in.method).substr(0, method_told_bytes));
  if (now.chosen != nullptr) line += " path=" + logging::text(now.chosen->pattern);
  line += " status=" + std::to_string(out.status);
  if (!out.code.empty()) line += " code=" + logging::text(out.code);
  line += " duration_ms=" + std::to_string(took.count());
  if (now.in.by)
    line += " token_id=" + boost::uuids::to_string(now.in.by->token_id) + " role=" + std::string(to_string(now.in.by->as));
  log_->log(level, "{}", line);
}

// Sends it. `whole`: the request has been read to its end. False: the connection is to be closed.
awaitable<bool> connection::answer(exchange& now, reply out, bool whole) {
  const std::string request_id = boost::uuids::to_string(now.in.request_id);
  const bool is_streamed = out.stream && now.is_head;
  if (is_streamed) {
    out.stream->stop();
    out.stream.reset();
  }
  if (out.stream) {
    co_await send_stream(now, out);
    tell_of(now, out);
    co_return false;
  }
  tell_of(now, out);
  name_request(out, now.in.request_id);
  std::optional<entity_tag> tag;
  if (now.chosen != nullptr && now.wish.is_empty() && !is_streamed) tag = co_await tag_reply(out, *now.chosen, now.given.if_none_match, desk_.compressor);
  co_await compress_reply(out, now.accept_encoding, tag, desk_.compressor);
  http::response<http::string_body> response(static_cast<http::status>(out.status), 11);
  response.set(http::field::server, "tollgate");
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("X-Request-Id", request_id);
  put_limit(response, now.rate);
  for (const auto& [name, value] : out.headers)
    response.set(name, value);
  if (out.status != 204 && out.status != 304) response.set(http::field::content_type, out.content_type);
  response.keep_alive(whole && now.parser.get().keep_alive() && !stopping_);
  response.body() = std::move(out.body);
  if (!is_streamed) response.prepare_payload();  // of a file its headers tell the length, of events nobody can
  if (now.is_head) response.body().clear();      // its length is told
  allow(response.body().size());
  std::string wire = head_of(response);
  const bool sent = co_await write(std::move(wire), std::move(response.body()));
  co_return sent && response.keep_alive();
}

// A reader who takes nothing is idle meanwhile: it makes room for others when there is none.
awaitable<bool> connection::write(std::string wire, std::string body) {
  if (body.size() <= sent_with_head_bytes) {
    wire += body;
    body.clear();
  }
  idle_since_ = std::chrono::steady_clock::now();
  writes_ = true;
  const std::string_view all(body);
  const std::array<asio::const_buffer, 2> first{asio::buffer(wire), asio::buffer(all.substr(0, written_bytes))};
  auto [error, size] = co_await asio::async_write(stream_, first, ignoring_errors);
  for (std::size_t done = std::min(written_bytes, all.size()); !error && done < all.size(); done += written_bytes) {
    idle_since_ = std::chrono::steady_clock::now();
    std::tie(error, size) = co_await asio::async_write(stream_, asio::buffer(all.substr(done, written_bytes)), ignoring_errors);
  }
  writes_ = false;
  co_return !error;
}

}  // namespace tollgate::gateway::api
