// SPDX-License-Identifier: Apache-2.0
// The peer's end: connecting, asking, and what is sent about calls.
#include "gateway/overlay/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>

#include "gateway/overlay/client_implementation.hpp"
#include "gateway/overlay/tls.hpp"

namespace tollgate::gateway::overlay {

namespace asio = boost::asio;

namespace {

constexpr std::size_t calls_max = 64;

refusal refusal_of(boost::system::error_code error) {
  return to_refusal(static_cast<overlay_error>(error.value()));
}

}  // namespace

client::implementation::implementation(asio::any_io_executor executor_, client_options options_,
                                       client_handler& handler_)
    : executor(std::move(executor_)),
      options(std::move(options_)),
      handler(&handler_),
      reader_ended(executor) {}

client::client(asio::any_io_executor executor, client_options options, client_handler& handler)
    : implementation_(std::make_shared<implementation>(std::move(executor), std::move(options), handler)) {}

client::~client() {
  implementation_->handler = nullptr;
  if (implementation_->connection) implementation_->connection->abort();
}

const std::string& client::node() const noexcept {
  return implementation_->node;
}

asio::awaitable<answer<void>> client::connect(std::string url) {
  const auto self = implementation_;
  co_return co_await self->open(std::move(url));
}

asio::awaitable<answer<void>> client::implementation::open(std::string url) {
  const auto self = shared_from_this();
  auto address = parse_web_address(url);
  if (!address) co_return refusal_of(address.error());
  if (connection) co_return refusal{"already_connected", "there is a connection already"};
  auto context = make_client_context(options.authority_pem);
  if (!context) co_return refusal_of(context.error());
  tls = std::make_shared<asio::ssl::context>(std::move(*context));
  const link_options chosen{.handshake_deadline = options.connect_deadline};
  auto made = std::make_shared<link>(asio::ip::tcp::socket(executor), tls, chosen);
  const auto connected = co_await made->connect(std::move(*address));
  if (!connected) co_return refusal_of(connected.error());

  asio::steady_timer deadline(executor, options.connect_deadline);
  deadline.async_wait([made](boost::system::error_code error) {
    if (!error) made->abort();
  });
  auto text = co_await made->read();
  deadline.cancel();
  if (!text) co_return refusal_of(text.error());
  const auto hello = parse_frame(*text);
  if (hello && hello->type == "error")
    co_return refusal{std::string(find_text(hello->body, "code").value_or("error")),
                      std::string(find_text(hello->body, "text").value_or(""))};
  const auto key = hello
                       ? public_key::from_jwk(hello->body.contains("authority") ? hello->body.at("authority")
                                                                                : boost::json::value())
                       : overlay_error::protocol_violated;
  const auto greeting = hello ? find_text(hello->body, "node") : std::nullopt;
  const auto challenge = hello ? find_text(hello->body, "nonce") : std::nullopt;
  if (!key || hello->type != "hello" || !greeting || !challenge) {
    made->abort();
    co_return refusal_of(overlay_error::protocol_violated);
  }
  node = *greeting;
  nonce = *challenge;
  authority = *key;
  calls.reset();
  last_error = {};
  connection = made;
  reading = true;
  asio::co_spawn(executor, read_all(self, made), [self](std::exception_ptr) {
    self->reading = false;
    self->reader_ended.cancel();
  });
  co_return answer<void>{};
}

asio::awaitable<answer<frame>> client::implementation::ask(std::string type, boost::json::object body,
                                                           std::function<answer<void>(const frame&)> accept) {
  const auto self = shared_from_this();
  if (!connection || !connection->open()) co_return refusal_of(overlay_error::connection_closed);
  const auto request = std::make_shared<pending>(executor);
  request->accept = std::move(accept);
  frame outgoing{.type = std::move(type), .id = ++last_id, .body = std::move(body)};
  const auto sent = send(outgoing);
  if (!sent) co_return sent.error();
  const auto id = *outgoing.id;
  waiting.emplace(id, request);
  request->arrived.expires_after(options.request_deadline);
  boost::system::error_code ignored;
  if (!request->reply)
    co_await request->arrived.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  waiting.erase(id);
  if (!request->reply) co_return refusal_of(overlay_error::deadline_passed);
  co_return std::move(*request->reply);
}

asio::awaitable<answer<device_identity>> client::log_in(std::string name, std::string passphrase,
                                                        private_key device) {
  const auto self = implementation_;
  boost::json::object body{
      {"name", name}, {"passphrase", passphrase}, {"key", device.public_part().to_jwk()}};
  const auto reply = co_await self->ask("login", std::move(body), {});
  if (!reply) co_return reply.error();
  const auto token = find_text(reply->body, "credential").value_or("");
  const auto content =
      verify_credential(token, *self->authority, credential_role::subscriber, self->options.wall_clock());
  if (!content) co_return refusal_of(content.error());
  if (content->holder != device.public_part()) co_return refusal_of(overlay_error::credential_foreign);
  co_return device_identity{.name = content->name,
                            .device = std::move(device),
                            .credential = std::string(token),
                            .expires_at = content->expires_at,
                            .authority = *self->authority};
}

asio::awaitable<answer<void>> client::attach(device_identity identity) {
  const auto self = implementation_;
  if (!self->authority || *self->authority != identity.authority)
    co_return refusal_of(overlay_error::credential_foreign);
  const auto now = self->options.wall_clock();
  if (now >= identity.expires_at) co_return refusal_of(overlay_error::credential_expired);
  boost::json::object body{
      {"credential", identity.credential},
      {"proof", sign_attach_proof(identity.device, identity.name, self->node, self->nonce, now)}};
  auto accept = [raw = self.get(), identity](const frame& reply) {
    return raw->take_attach(reply, identity);
  };
  const auto reply = co_await self->ask("attach", std::move(body), std::move(accept));
  if (!reply) co_return reply.error();
  co_return answer<void>{};
}

answer<void> client::implementation::take_attach(const frame& reply, const device_identity& identity) {
  const auto shown = verify_credential(find_text(reply.body, "node_credential").value_or(""),
                                       identity.authority, credential_role::node, options.wall_clock());
  if (!shown) return refusal_of(shown.error());
  if (shown->name != node) return refusal_of(overlay_error::credential_foreign);
  name = identity.name;
  calls.emplace(identity.device, identity.name, exchange_end{node, shown->holder}, calls_max);
  return {};
}

asio::awaitable<answer<boost::json::object>> client::request(std::string type, boost::json::object body) {
  const auto self = implementation_;
  auto reply = co_await self->ask(std::move(type), std::move(body), {});
  if (!reply) co_return reply.error();
  co_return std::move(reply->body);
}

answer<void> client::implementation::send(const boost::system::result<frame>& outgoing) {
  if (!outgoing) return refusal_of(outgoing.error());
  if (!connection || !connection->open()) return refusal_of(overlay_error::connection_closed);
  auto text = to_text(*outgoing);
  if (!text) return refusal_of(text.error());
  connection->send(std::move(*text));
  return {};
}

answer<void> client::implementation::send_about(const std::string& type, const std::string& call,
                                                boost::json::object body) {
  if (!calls) return refusal{"not_attached", "log in and attach first"};
  return send(frame{.type = type, .call = call, .body = std::move(body)});
}

answer<void> client::send_offer(const std::string& call, const std::string& to, const std::string& sdp,
                                const std::string& from_name) {
  auto& self = *implementation_;
  if (!self.calls) return refusal{"not_attached", "log in and attach first"};
  auto made = self.calls->make_offer(call, "tollgate:" + self.name, to, sdp, self.options.wall_clock());
  if (made && !from_name.empty()) made->body["from_name"] = from_name;
  auto sent = self.send(made);
  if (!sent && made) self.calls->forget(call);
  return sent;
}

answer<void> client::send_ring(const std::string& call) {
  return implementation_->send_about("ring", call, {});
}

answer<void> client::send_answer(const std::string& call, const std::string& sdp) {
  auto& self = *implementation_;
  if (!self.calls) return refusal{"not_attached", "log in and attach first"};
  return self.send(self.calls->make_answer("answer", call, sdp, self.options.wall_clock()));
}

answer<void> client::send_restart(const std::string& call, const std::string& sdp) {
  auto& self = *implementation_;
  if (!self.calls) return refusal{"not_attached", "log in and attach first"};
  return self.send(self.calls->make_restart(call, sdp, self.options.wall_clock()));
}

answer<void> client::send_trickle(const std::string& call, const std::vector<ice_candidate>& candidates) {
  boost::json::array list;
  for (const auto& candidate : candidates)
    list.emplace_back(to_string(candidate));
  return implementation_->send_about("trickle", call, {{"candidates", std::move(list)}});
}

answer<void> client::send_digit(const std::string& call, char digit, std::chrono::milliseconds duration) {
  return implementation_->send_about("dtmf", call,
                                     {{"digit", std::string(1, digit)}, {"duration_ms", duration.count()}});
}

answer<void> client::send_hangup(const std::string& call, const std::string& code) {
  if (implementation_->calls) implementation_->calls->forget(call);
  return implementation_->send_about("hangup", call, {{"code", code}});
}

asio::awaitable<void> client::close() {
  const auto self = implementation_;
  if (self->connection) std::exchange(self->connection, nullptr)->close();
  while (self->reading) {
    boost::system::error_code ignored;
    self->reader_ended.expires_at(asio::steady_timer::time_point::max());
    co_await self->reader_ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

}  // namespace tollgate::gateway::overlay
