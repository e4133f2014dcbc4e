// SPDX-License-Identifier: Apache-2.0
// Accepting connections and stopping.
#include "gateway/overlay/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/logging/line.hpp"
#include "gateway/overlay/device_session.hpp"
#include "gateway/overlay/entrance.hpp"
#include "gateway/overlay/server_core.hpp"

namespace tollgate::gateway::overlay {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds accept_retry{100};  // out of file descriptors, perhaps

// Ends a connection's place in the books, whatever became of it.
void leave(server_core& core, std::uint64_t number, const std::string& address, std::exception_ptr failure) {
  core.links.erase(number);
  const auto count = core.links_by_address.find(address);
  if (count != core.links_by_address.end() && --count->second == 0) core.links_by_address.erase(count);
  if (failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      core.log("event=connection_failed what=" + logging::text(error.what()));
    }
  }
  core.ended();
}

void admit(const std::shared_ptr<server_core>& core, asio::ip::tcp::socket socket) {
  boost::system::error_code error;
  const auto remote = socket.remote_endpoint(error);
  const auto address = remote.address().to_string();
  const auto& limits = core->options.limits;
  if (error || core->links.size() >= limits.connections ||
      core->links_by_address[address] >= limits.connections_per_address)
    return;  // the socket closes
  const link_options options{.handshake_deadline = core->options.handshake_deadline,
                             .idle_timeout = core->options.idle_timeout,
                             .frames_queued_max = limits.frames_queued,
                             .files = core->options.files};
  auto connection = std::make_shared<link>(std::move(socket), core->tls, options);
  const auto number = ++core->link_count;
  core->links.emplace(number, connection);
  ++core->links_by_address[address];
  core->began();
  asio::co_spawn(
      core->executor, serve_connection(core, connection, address),
      [core, number, address](std::exception_ptr failure) { leave(*core, number, address, failure); });
}

asio::awaitable<void> accept_all(std::shared_ptr<server_core> core) {
  asio::steady_timer pause(core->executor);
  while (!core->stopping) {
    boost::system::error_code error;
    auto socket = co_await core->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      admit(core, std::move(socket));
    } else if (!core->stopping) {
      pause.expires_after(accept_retry);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

}  // namespace

server::server(asio::any_io_executor executor, asio::ssl::context tls, server_options options,
               private_key authority, private_key node, session_handler& handler)
    : core_(std::make_shared<server_core>(std::move(executor), std::move(tls), std::move(options),
                                          std::move(authority), std::move(node), handler)) {}

server::~server() = default;

boost::system::result<void> server::start() {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(core_->options.address, error);
  const asio::ip::tcp::endpoint endpoint(address, core_->options.port);
  auto& acceptor = core_->acceptor;
  if (!error) acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return error;
  core_->began();
  asio::co_spawn(core_->executor, accept_all(core_), [core = core_](std::exception_ptr) { core->ended(); });
  return {};
}

std::uint16_t server::port() const noexcept {
  boost::system::error_code error;
  return core_->acceptor.local_endpoint(error).port();
}

const public_key& server::authority() const noexcept {
  return core_->authority.public_part();
}

void server::use(asio::ssl::context tls) {
  core_->tls = std::make_shared<asio::ssl::context>(std::move(tls));
}

void server::set_draining(bool draining) {
  core_->draining = draining;
}

void server::credentials_revoked() {
  ++core_->revocations;
}

std::vector<session_ptr> server::sessions_of(const boost::uuids::uuid& account_id) const {
  const auto* devices = core_->devices_of(account_id);
  return devices == nullptr ? std::vector<session_ptr>{}
                            : std::vector<session_ptr>(devices->begin(), devices->end());
}

std::vector<boost::uuids::uuid> server::attached_accounts() const {
  std::vector<boost::uuids::uuid> accounts;
  accounts.reserve(core_->devices.size());
  for (const auto& [account_id, devices] : core_->devices)
    accounts.push_back(account_id);
  return accounts;
}

std::size_t server::session_count() const noexcept {
  return core_->device_count;
}

asio::awaitable<void> server::stop() {
  const auto core = core_;
  core->stopping = true;
  boost::system::error_code error;
  core->acceptor.close(error);
  const auto links = core->links;  // closing may change the register
  for (const auto& [number, connection] : links) {
    if (const auto alive = connection.lock()) {
      send_refusal(*alive, {"going_away", "the gateway stops"});
      alive->close();
    }
  }
  while (core->running > 0) {
    core->all_ended.expires_at(asio::steady_timer::time_point::max());
    co_await core->all_ended.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
}

}  // namespace tollgate::gateway::overlay
