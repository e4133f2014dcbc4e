// SPDX-License-Identifier: Apache-2.0
#include "gateway/notify/notifier.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "gateway/logging/line.hpp"

namespace tollgate::gateway::notify {

namespace asio = boost::asio;
using voicemail::notification_channel;

namespace {

// Beyond the longest delivery: what takes longer was taken by a node that has died.
constexpr std::chrono::seconds lease{180};
constexpr int batch_most = 20;

}  // namespace

notifier::notifier(collaborators with, courier by, notifier_options options)
    : with_(std::move(with)),
      courier_(std::move(by)),
      options_(std::move(options)),
      pool_(with_.executor, with_.time, options_.at_once),
      pause_(with_.executor) {}

asio::awaitable<void> notifier::run() {
  while (!stopping_) {
    const int room = std::min(options_.at_once - under_way_, batch_most);
    if (room > 0) {
      const auto take = [room](pqxx::work& tx) {
        voicemail::forget_failures(tx);
        return voicemail::take_notifications(tx, room, lease);
      };
      auto taken = co_await with_.database.run(take);
      if (taken)
        for (auto& one : *taken) {
          ++under_way_;
          with_.spawn(deliver(std::move(one)));
        }
    }
    if (stopping_) co_return;
    pause_.expires_after(options_.interval);
    boost::system::error_code ignored;
    co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void notifier::stop() {
  stopping_ = true;
  pause_.cancel();
  courier_.abort();
  for (const auto& [key, box] : agents_)
    box->post({.done = false, .final = false, .why = "the gateway stops"});
}

void notifier::on_told(const pstn::sip::notify_result& result) {
  const auto found = agents_.find(result.key);
  if (found == agents_.end()) return;
  const bool done = result.status >= 200 && result.status < 300;
  found->second->post({.done = done, .final = false, .why = done ? "" : "answered with " + std::to_string(result.status)});
}

asio::awaitable<void> notifier::deliver(voicemail::notification one) {
  delivery came;
  try {
    came = co_await attempt(one);
  } catch (const std::exception& e) {
    came = {.done = false, .final = false, .why = e.what()};
  }
  const auto pause = came.final ? std::nullopt : voicemail::next_retry(one.attempts, options_.retries);
  const auto note = [&](pqxx::work& tx) {
    if (came.done)
      voicemail::notification_told(tx, one);
    else
      voicemail::notification_failed(tx, one, came.why, pause);
  };
  const auto noted = co_await with_.database.run(note, {.idempotent = true});
  --under_way_;
  const auto message = boost::uuids::to_string(one.message_id);
  const auto channel = voicemail::to_text(one.target.channel);
  if (noted.has_error())  // it is told once more when its lease is over
    spdlog::warn("event=notification_not_noted channel={} message={} told={}", channel, message, came.done);
  else if (came.done)
    spdlog::info("event=notified channel={} message={} attempts={}", channel, message, one.attempts);
  else
    spdlog::warn("event=notification_failed channel={} message={} attempts={} again={} error={}", channel, message,
                 one.attempts, pause.has_value(), logging::text(came.why));
}

asio::awaitable<delivery> notifier::attempt(const voicemail::notification& one) {
  switch (one.target.channel) {
    case notification_channel::email:
      co_return co_await send_letter(one);
    case notification_channel::webhook: {
      const auto body = webhook_body(one);
      const auto signature = "Tollgate-Signature: " + with_.sign(body, one.target.secret, with_.time.wall());
      auto post = std::make_shared<web_post>();
      post->url = one.target.address;
      post->headers = {signature, "Tollgate-Attempt: " + std::to_string(one.attempts)};
      post->body = body;
      std::function<delivery()> work = [this, post] { return courier_.post(*post, courier::sender_kind::subscriber); };
      co_return co_await pool_.run(std::move(work));
    }
    case notification_channel::mwi:
      co_return co_await notify_agent(one);
  }
  co_return delivery{};
}

asio::awaitable<delivery> notifier::send_letter(const voicemail::notification& one) {
  delivery failed;
  failed.why = "no mail server is configured";
  if (!courier_.has_mail()) co_return failed;
  std::optional<std::vector<std::byte>> audio;
  if (one.target.with_audio) {
    const auto read = [&](pqxx::work& tx) {
      return voicemail::fetch_whole_audio(tx, one.account_id, one.message_id, with_.keys);
    };
    boost::system::result<std::vector<std::byte>> found = co_await with_.database.run(read, {.idempotent = true});
    failed.why = found ? "" : found.error().message();
    if (!found) co_return failed;
    audio = std::move(*found);
  }
  const auto made = std::make_shared<letter>(letter_of(one, courier_.sender(), std::move(audio), with_.time.wall()));
  std::function<delivery()> work = [this, made] { return courier_.send(*made); };
  co_return co_await pool_.run(std::move(work));
}

asio::awaitable<delivery> notifier::notify_agent(const voicemail::notification& one) {
  delivery failed;
  boost::system::error_code malformed;
  const auto address = asio::ip::make_address(voicemail::host_of_agent(one.target.address), malformed);
  failed.why = "leads to an address that is not public";
  if (malformed || !options_.agents.permits(address)) co_return failed;
  const auto key = with_.sip.next_call_key();
  const auto box = std::make_shared<call::inbox<delivery>>(with_.executor);
  agents_.emplace(key, box);
  const auto account = "sip:" + boost::uuids::to_string(one.account_id) + "@" + options_.sip_domain;
  pstn::sip::notice summary;
  summary.event = "message-summary";
  summary.content_type = "application/simple-message-summary";
  summary.body = message_summary(one.counts, account);
  with_.sip.send_notify(key, one.target.address, std::move(summary));
  const auto came = co_await box->next(with_.time.steady() + longest_delivery);
  agents_.erase(key);
  failed.why = "no answer";
  co_return came ? *came : failed;
}

}  // namespace tollgate::gateway::notify
