// SPDX-License-Identifier: Apache-2.0
// Hello, login and attach at the server; then the session's frames.
#include "gateway/overlay/entrance.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/array.hpp>

#include "gateway/logging/line.hpp"
#include "gateway/overlay/encoding.hpp"

namespace tollgate::gateway::overlay {
namespace {

constexpr std::size_t name_max_bytes = 64;
constexpr std::size_t passphrase_max_bytes = 1024;
constexpr std::size_t nonce_octets = 24;

using boost::asio::awaitable;

struct entrance {
  std::shared_ptr<server_core> core;
  std::shared_ptr<link> connection;
  std::string remote_address;
  std::string nonce;
};

std::int64_t seconds_of(wall_time time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= name_max_bytes &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

refusal internal_error() {
  return {"internal", "the gateway could not answer; try again"};
}

void reply(const entrance& at, const frame& to, const std::string& type, boost::json::object body) {
  frame outgoing{.type = type, .id = to.id, .body = std::move(body)};
  send_frame(*at.connection, outgoing);
}

void refuse(const entrance& at, const frame& to, const refusal& why) {
  send_refusal(*at.connection, why, to.id);
}

void greet(const entrance& at) {
  frame outgoing{.type = "hello"};
  outgoing.body = {{"versions", boost::json::array{1}},
                   {"node", at.core->options.node_name},
                   {"nonce", at.nonce},
                   {"authority", at.core->authority.public_part().to_jwk()},
                   {"time", seconds_of(at.core->wall_now())}};
  send_frame(*at.connection, outgoing);
}

// Every attempt counts as a bad one until it has proved otherwise: attempts side by side gain nothing.
class login_attempt {
 public:
  login_attempt(server_core& core, std::string name, std::string address)
      : core_(core),
        account_(std::move(name)),
        address_(std::move(address)),
        pair_(account_ + ' ' + address_) {}

  bool begin() {
    const auto now = core_.now();
    if (core_.failed_logins.exhausted(pair_, now) ||
        core_.failed_logins_of_account.exhausted(account_, now) ||
        core_.failed_logins_of_address.exhausted(address_, now))
      return false;
    core_.failed_logins.allow(pair_, now);
    core_.failed_logins_of_account.allow(account_, now);
    core_.failed_logins_of_address.allow(address_, now);
    return true;
  }
  void forgive(bool succeeded) {
    core_.failed_logins.take_back(pair_);
    core_.failed_logins_of_account.take_back(account_);
    core_.failed_logins_of_address.take_back(address_);
    if (succeeded) core_.failed_logins.forget(pair_);
  }

 private:
  server_core& core_;
  std::string account_;
  std::string address_;
  std::string pair_;
};

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

awaitable<answer<subscriber_identity>> check_passphrase(entrance at, std::string name,
                                                        std::string passphrase) {
  login_attempt attempt(*at.core, lower_case(name), at.remote_address);
  if (!attempt.begin())
    co_return refusal{"rate_limited", "too many wrong log-ins; try again in a quarter of an hour"};
  try {
    auto found = co_await at.core->handler.log_in(std::move(name), std::move(passphrase), at.remote_address);
    if (found || found.error().code != "wrong_passphrase") attempt.forgive(found.has_value());
    co_return found;
  } catch (const std::exception& failure) {
    at.core->log("event=login_failed what=" + logging::text(failure.what()));
  }
  attempt.forgive(false);
  co_return internal_error();
}

awaitable<answer<subscriber_identity>> find_subscriber(entrance at, std::string name) {
  try {
    co_return co_await at.core->handler.find(std::move(name));
  } catch (const std::exception& failure) {
    at.core->log("event=attach_failed what=" + logging::text(failure.what()));
  }
  co_return internal_error();
}

awaitable<void> log_in(entrance at, frame incoming) {
  const auto name = find_text(incoming.body, "name").value_or("");
  const auto passphrase = find_text(incoming.body, "passphrase").value_or("");
  const auto* jwk = incoming.body.if_contains("key");
  if (!is_name(name) || passphrase.empty() || passphrase.size() > passphrase_max_bytes || jwk == nullptr) {
    refuse(at, incoming, to_refusal(overlay_error::frame_malformed));
    co_return;
  }
  const auto device = public_key::from_jwk(*jwk);
  if (!device) {
    refuse(at, incoming, to_refusal(overlay_error::key_malformed));
    co_return;
  }
  const auto subscriber = co_await check_passphrase(at, std::string(name), std::string(passphrase));
  if (!subscriber) {
    refuse(at, incoming, subscriber.error());
    co_return;
  }
  const auto issued = at.core->wall_now();
  const auto token = sign_credential(at.core->authority, {.name = subscriber->name,
                                                          .role = credential_role::subscriber,
                                                          .holder = *device,
                                                          .capabilities = subscriber->capabilities,
                                                          .issued_at = issued,
                                                          .expires_at = issued + credential_lifetime,
                                                          .generation = subscriber->credential_generation});
  reply(at, incoming, "credential",
        {{"credential", token},
         {"name", subscriber->name},
         {"authority", at.core->authority.public_part().to_jwk()},
         {"expires_at", seconds_of(issued + credential_lifetime)}});
}

// The session, when the device has proved what it must; else the refusal has been sent.
awaitable<std::shared_ptr<device_session>> attach(entrance at, frame incoming) {
  auto& core = *at.core;
  const auto now = core.wall_now();
  const auto shown = verify_credential(find_text(incoming.body, "credential").value_or(""),
                                       core.authority.public_part(), credential_role::subscriber, now);
  if (!shown) {
    refuse(at, incoming, to_refusal(static_cast<overlay_error>(shown.error().value())));
    co_return nullptr;
  }
  const auto proved = verify_attach_proof(find_text(incoming.body, "proof").value_or(""), *shown,
                                          core.options.node_name, at.nonce, now);
  if (!proved) {
    refuse(at, incoming, to_refusal(static_cast<overlay_error>(proved.error().value())));
    co_return nullptr;
  }
  auto known = core.revocations;
  auto subscriber = co_await find_subscriber(at, shown->name);
  while (subscriber && known != core.revocations) {  // what was read may be from before
    known = core.revocations;
    subscriber = co_await find_subscriber(at, shown->name);
  }
  if (!subscriber) {
    refuse(at, incoming, subscriber.error());
    co_return nullptr;
  }
  if (subscriber->credential_generation != shown->generation) {
    refuse(at, incoming, {std::string(to_refusal(overlay_error::credential_expired).code), "Your pass-phrase was changed, or your devices were logged out: log in again."});
    co_return nullptr;
  }
  auto device = std::make_shared<device_session>(at.core, at.connection, at.remote_address,
                                                 std::move(*subscriber), shown->holder);
  const auto entered = core.enter(device);
  if (!entered) {
    refuse(at, incoming, entered.error());
    co_return nullptr;
  }
  reply(at, incoming, "attach",
        {{"node_credential", core.node_credential()}, {"session", device->id()}, {"name", device->name()}});
  co_return device;
}

// Log-in and attach until a session is there; nothing when the connection ends before.
awaitable<std::shared_ptr<device_session>> admit(entrance at) {
  rate_limiter frames(at.core->options.limits.frames, 1);
  while (true) {
    auto text = co_await at.connection->read();
    if (!text || !frames.allow("", at.core->now())) co_return nullptr;
    auto incoming = parse_frame(*text);
    if (!incoming) {
      send_refusal(*at.connection, to_refusal(static_cast<overlay_error>(incoming.error().value())));
      co_return nullptr;
    }
    if (incoming->type == "login" && incoming->id) {
      co_await log_in(at, std::move(*incoming));
    } else if (incoming->type == "attach" && incoming->id) {
      auto device = co_await attach(at, std::move(*incoming));
      if (device) co_return device;
    } else {
      refuse(at, *incoming, {"not_attached", "log in and attach first"});
    }
  }
}

awaitable<void> serve_device(entrance at, std::shared_ptr<device_session> device) {
  rate_limiter frames(at.core->options.limits.frames, 1);
  while (true) {
    auto text = co_await at.connection->read();
    if (!text) co_return;
    if (!frames.allow("", at.core->now())) {
      device->close("rate_limited", "too many frames in a short time");
      co_return;
    }
    auto incoming = parse_frame(*text);
    if (!incoming) {
      const auto why = to_refusal(static_cast<overlay_error>(incoming.error().value()));
      device->close(why.code, why.text);
      co_return;
    }
    if (!device->take(std::move(*incoming))) co_return;
  }
}

}  // namespace

awaitable<void> serve_connection(std::shared_ptr<server_core> core, std::shared_ptr<link> connection,
                                 std::string remote_address) {
  const auto accepted = co_await connection->accept();
  if (!accepted) co_return;
  entrance at{core, connection, std::move(remote_address), random_token(nonce_octets)};
  if (core->draining || core->stopping) {
    send_refusal(*connection, {"draining", "the gateway is about to stop; connect again in a moment"});
    connection->close();
    co_return;
  }
  greet(at);
  boost::asio::steady_timer deadline(core->executor, core->options.attach_deadline);
  deadline.async_wait([connection](boost::system::error_code error) {
    if (!error) connection->abort();
  });
  auto device = co_await admit(at);
  deadline.cancel();
  if (device) {
    try {
      device->attach();
      co_await serve_device(at, device);
    } catch (const std::exception& failure) {
      core->log("event=session_failed what=" + logging::text(failure.what()));
    }
    device->detach();
  }
  connection->close();
}

}  // namespace tollgate::gateway::overlay
