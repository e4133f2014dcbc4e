// SPDX-License-Identifier: Apache-2.0
#include "gateway_double.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <numbers>
#include <stdexcept>

#include "gateway/overlay/encoding.hpp"
#include "gateway/overlay/frame.hpp"
#include "gateway/overlay/tls.hpp"
#include "pstn/media/audio_file.hpp"

namespace tollgate::gateway::peer::test {

using overlay::answer;
using std::chrono::milliseconds;

namespace {

constexpr std::string_view message_id = "0190a0b0-0000-7000-8000-000000000001";
constexpr std::size_t chunk_bytes = 1000;  // small, so that a message takes several

boost::json::object price_body() {
  return {{"number", "+442079460958"},  {"destination", "Global zone"},
          {"currency", "EUR"},          {"price_per_minute_micros", 17'000},
          {"connection_fee_micros", 0}, {"initial_increment_s", 60},
          {"next_increment_s", 60}};
}

boost::json::object summary_body() {
  return {{"duration_ms", 2500}, {"currency", "EUR"},        {"charge_pending", false},
          {"billed_s", 60},      {"charged_micros", 17'000}, {"balance_after_micros", 9'983'000}};
}

std::vector<std::byte> make_message() {
  const auto recorder = pstn::media::opus_recorder::create(std::chrono::seconds(10));
  std::vector<std::int16_t> frame(320);
  std::size_t at = 0;
  for (int count = 0; count < 100; ++count) {
    for (std::int16_t& sample : frame) {
      const double phase = 2 * std::numbers::pi * 500 * static_cast<double>(at++) / 16'000;
      sample = static_cast<std::int16_t>(8000 * std::sin(phase));
    }
    recorder->write(frame, 16'000);
  }
  return recorder->finish();
}

overlay::subscriber_identity alice() {
  return {.account_id = {{1}}, .name = "alice", .capabilities = {"call"}};
}

}  // namespace

const std::vector<std::byte>& gateway_double::message_audio() {
  static const std::vector<std::byte> audio = make_message();
  return audio;
}

gateway_double::gateway_double(behaviour wanted)
    : wanted_(std::move(wanted)), dtls_(overlay::certificate::make(std::chrono::system_clock::now())) {
  const auto now = std::chrono::system_clock::now();
  const auto authority = overlay::make_certificate_authority("test authority", now).value();
  const auto issued = overlay::issue_server_certificate(authority, {}, now).value();
  authority_pem_ = authority.certificate;
  overlay::server_options options;
  options.node_name = "double";
  options.wall_clock = [] { return std::chrono::system_clock::now(); };
  options.steady_clock = [] { return std::chrono::steady_clock::now(); };
  server_ = std::make_unique<overlay::server>(
      context_.get_executor(), overlay::make_server_context(issued.certificate, issued.key).value(), options,
      overlay::private_key::generate(), overlay::private_key::generate(), *this);
  server_->start().value();
  thread_ = std::thread([this] { context_.run(); });
}

gateway_double::~gateway_double() {
  boost::asio::co_spawn(context_, server_->stop(), [this](std::exception_ptr) {
    end_media();
    context_.stop();
  });
  thread_.join();
}

std::string gateway_double::url() const {
  return "wss://127.0.0.1:" + std::to_string(server_->port());
}

std::string gateway_double::digits() {
  const std::lock_guard lock(mutex_);
  return digits_;
}

double gateway_double::heard_level_dbfs() {
  const std::lock_guard lock(mutex_);
  return heard_level_dbfs_;
}

std::vector<std::string> gateway_double::hang_ups() {
  const std::lock_guard lock(mutex_);
  return hang_ups_;
}

std::vector<std::string> gateway_double::marked() {
  const std::lock_guard lock(mutex_);
  return marked_;
}

boost::asio::awaitable<answer<overlay::subscriber_identity>> gateway_double::log_in(std::string name,
                                                                                    std::string passphrase,
                                                                                    std::string) {
  if (name != "alice" || passphrase != "secret") {
    co_return overlay::refusal{"wrong_passphrase", "Name or pass-phrase is wrong."};
  }
  co_return alice();
}

boost::asio::awaitable<answer<overlay::subscriber_identity>> gateway_double::find(std::string) {
  co_return alice();
}

void gateway_double::later(milliseconds delay, std::function<void()> work) {
  auto timer = std::make_shared<boost::asio::steady_timer>(context_, delay);
  timer->async_wait([timer, work = std::move(work)](const boost::system::error_code& failure) {
    if (!failure) work();
  });
}

void gateway_double::attached(const session_ptr& device) {
  if (wanted_.voicemail_when_attached) device->send_event("voicemail", {{"new", 1}, {"saved", 0}}, "");
  if (!wanted_.call_when_attached) return;
  media_ = std::make_shared<media_double>(context_, dtls_);
  device->send_offer(overlay::make_call_id(), "+16505550100", "Caller", "", to_string(media_->offer()));
}

void gateway_double::offered(const session_ptr& device, const overlay::call_offer& offer) {
  const std::string call = offer.call;
  if (wanted_.refuse) return device->send_hangup(call, wanted_.refuse->code, wanted_.refuse->text, {});
  media_ = std::make_shared<media_double>(context_, dtls_);
  std::optional<overlay::fingerprint> claimed;
  if (wanted_.lie_about_fingerprint) claimed = overlay::fingerprint{};
  boost::json::object connecting = price_body();
  connecting["state"] = "connecting";
  device->send_ring(call, to_string(media_->answer(offer.description, claimed)), connecting);
  device->send_ring(call, "", {{"state", "ringing"}, {"early_media", false}});
  later(milliseconds(300), [this, device, call] {
    boost::json::object body = price_body();
    body["state"] = "answered";
    body["granted_s"] = 120;
    device->send_answer(call, "", body);
  });
  if (wanted_.once_answered) later(milliseconds(1000), wanted_.once_answered);
  if (!wanted_.cut_off) return;
  later(milliseconds(600), [device, call] {
    device->send_event("low_credit", {{"seconds_left", 10}}, call);
  });
  later(milliseconds(1000), [this, device, call] {
    end_media();
    device->send_hangup(call, wanted_.cut_off->code, wanted_.cut_off->text, summary_body());
  });
}

void gateway_double::rang(const session_ptr& device, const std::string& call) {
  if (wanted_.take_elsewhere) device->send_taken(call);
}

void gateway_double::answered(const session_ptr& device, const overlay::call_answer& given) {
  media_->accept(given.description);
  later(wanted_.incoming_talk, [this, device, call = given.call] {
    end_media();
    device->send_hangup(call, "normal", "The other side hung up.", {{"duration_ms", 1500}});
  });
}

void gateway_double::hung_up(const session_ptr& device, const std::string& call, const std::string& code) {
  {
    const std::lock_guard lock(mutex_);
    hang_ups_.push_back(code);
  }
  end_media();
  device->send_hangup(call, code == "failed" ? "media_refused" : code, "You hung up.", summary_body());
}

void gateway_double::end_media() {
  if (!media_) return;
  media_->close();
  const std::lock_guard lock(mutex_);
  digits_ = media_->digits();
  const auto& heard = media_->heard();
  if (media_->heard_rate_hz() > 0 && heard.size() > static_cast<std::size_t>(media_->heard_rate_hz())) {
    // Half a second in the middle, where the peer plays.
    const std::size_t half = static_cast<std::size_t>(media_->heard_rate_hz()) / 2;
    heard_level_dbfs_ = pstn::media::level_dbfs(std::span(heard).subspan(heard.size() / 2 - half / 2, half));
  }
}

boost::asio::awaitable<answer<boost::json::object>> gateway_double::request(session_ptr, std::string type,
                                                                            boost::json::object body) {
  if (type == "voicemail") co_return voicemail(body);
  if (type == "rate") co_return price_body();
  if (type == "balance") {
    boost::json::object balance;
    balance["currency"] = "EUR";
    balance["available_micros"] = 10'000'000;
    balance["held_micros"] = 0;
    co_return balance;
  }
  co_return overlay::refusal{"unknown_type", "There is no such request."};
}

answer<boost::json::object> gateway_double::voicemail(const boost::json::object& body) {
  const auto operation = overlay::find_text(body, "op").value_or("");
  const auto& audio = message_audio();
  if (operation == "list") {
    const boost::json::object message{{"id", message_id},    {"from", "+442079460958"},
                                      {"state", "new"},      {"received", "2026-01-01T00:00:00Z"},
                                      {"duration_ms", 2000}, {"size_bytes", audio.size()}};
    return boost::json::object{{"messages", {message}}, {"new", 1}, {"saved", 0}};
  }
  if (overlay::find_text(body, "id") != message_id) {
    return overlay::refusal{"message_unknown", "There is no such message."};
  }
  if (operation == "fetch") {
    const auto offset = static_cast<std::size_t>(overlay::find_integer(body, "offset").value_or(0));
    const auto rest = std::span(audio).subspan(std::min(offset, audio.size()));
    const auto chunk = rest.first(std::min(chunk_bytes, rest.size()));
    return boost::json::object{{"id", message_id},
                               {"offset", offset},
                               {"size_bytes", audio.size()},
                               {"data", overlay::to_base64(chunk)}};
  }
  const std::lock_guard lock(mutex_);
  marked_.push_back(std::string(operation));
  return boost::json::object{{"id", message_id}};
}

}  // namespace tollgate::gateway::peer::test
