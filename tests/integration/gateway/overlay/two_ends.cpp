// SPDX-License-Identifier: Apache-2.0
// The stage's machinery.
#include "two_ends.hpp"

#include <gtest/gtest.h>

#include <boost/uuid/name_generator_sha1.hpp>
#include <stdexcept>

#include "gateway/overlay/certificate.hpp"

namespace tollgate::gateway::overlay::two_ends {

asio::awaitable<answer<subscriber_identity>> fake_gateway::log_in(std::string name, std::string passphrase,
                                                                  std::string) {
  if (passphrase == "throw") throw std::runtime_error("as asked");
  if (passphrase != "correct horse") co_return refusal{"wrong_passphrase", "name or pass-phrase is wrong"};
  co_return co_await find(std::move(name));
}

asio::awaitable<answer<subscriber_identity>> fake_gateway::find(std::string name) {
  if (blocked) co_return refusal{"suspended", "the account is suspended"};
  const boost::uuids::name_generator_sha1 generator(boost::uuids::ns::dns());
  subscriber_identity found{
      .account_id = generator(name), .name = name, .capabilities = {"call"}, .credential_generation = generation};
  if (after_find) std::exchange(after_find, {})();
  co_return found;
}

void fake_gateway::attached(const session_ptr& device) {
  heard.push_back("attached " + device->name());
  devices.push_back(device);
}
void fake_gateway::detached(const session_ptr& device) {
  heard.push_back("detached " + device->name());
  std::erase(devices, device);
}
void fake_gateway::offered(const session_ptr& device, const call_offer& offer) {
  heard.push_back("offered " + offer.to);
  if (!answer_sdp.empty()) {
    device->send_ring(offer.call, answer_sdp, {{"number", offer.to}});
    device->send_answer(offer.call, "", {{"price", 17000}});
  }
}
void fake_gateway::rang(const session_ptr&, const std::string&) {
  heard.push_back("rang");
}
void fake_gateway::answered(const session_ptr&, const call_answer& answer) {
  heard.push_back("answered " + answer.description.ice.username_fragment);
}
void fake_gateway::trickled(const session_ptr&, const std::string&,
                            const std::vector<ice_candidate>& candidates) {
  heard.push_back("trickled " + std::to_string(candidates.size()));
}
void fake_gateway::restarted(const session_ptr& device, const call_offer& offer) {
  heard.push_back("restarted");
  device->send_restart(offer.call, answer_sdp);
}
void fake_gateway::digit(const session_ptr&, const std::string&, char digit,
                         std::chrono::milliseconds duration) {
  heard.push_back(std::string("digit ") + digit + ' ' + std::to_string(duration.count()));
}
void fake_gateway::hung_up(const session_ptr& device, const std::string& call, const std::string& code) {
  heard.push_back("hung_up " + code);
  if (answers_hang_ups) device->send_hangup(call, code, "the call has ended", {{"charged_micros", 17000}});
}
asio::awaitable<answer<boost::json::object>> fake_gateway::request(session_ptr, std::string type,
                                                                   boost::json::object body) {
  if (type == "balance")
    co_return boost::json::object{{"available_micros", 20'000'000}, {"echo", std::move(body)}};
  if (type == "large") co_return boost::json::object{{"text", std::string(frame_size_max_bytes, 'x')}};
  if (type == "throw") throw std::runtime_error("as asked");
  co_return refusal{"unknown_type", "no such request"};
}

void fake_peer::offered(const incoming_call& call) {
  heard.push_back("offered " + call.from + ' ' + call.call);
}
void fake_peer::rang(const call_progress& progress) {
  heard.push_back(progress.description ? "rang with sdp" : "rang");
}
void fake_peer::answered(const call_progress& progress) {
  heard.push_back(progress.description ? "answered with sdp" : "answered");
}
void fake_peer::restarted(const call_progress&) {
  heard.push_back("restarted");
}
void fake_peer::taken(const std::string&) {
  heard.push_back("taken");
}
void fake_peer::hung_up(const call_end& end) {
  heard.push_back("hung_up " + end.code);
  ends.push_back(end);
}
void fake_peer::trickled(const std::string&, const std::vector<ice_candidate>&) {
  heard.push_back("trickled");
}
void fake_peer::happened(const std::string& kind, const std::string&, const boost::json::object&) {
  heard.push_back("event " + kind);
}
void fake_peer::complained(const std::string&, const refusal& error) {
  heard.push_back("error " + error.code);
}
void fake_peer::disconnected(const refusal& reason) {
  heard.push_back("disconnected " + reason.code);
}

std::string make_sdp() {
  webrtc_description description;
  description.ice = make_ice_credentials();
  description.certificate = certificate::make(wall_time(std::chrono::seconds{1'800'000'000})).digest();
  description.ssrc = 7;
  return to_string(description);
}

stage::stage(overlay_limits limits) {
  const auto now = std::chrono::system_clock::now();  // TLS looks at the real time
  authority_pem = make_certificate_authority("Tollgate test", now).value();
  const auto issued = issue_server_certificate(authority_pem, {}, now).value();
  gateway.answer_sdp = make_sdp();
  server_options options{.node_name = "node1", .limits = limits};
  options.wall_clock = [this] { return wall; };
  options.steady_clock = [this] { return steady; };
  gate = std::make_unique<server>(context.get_executor(),
                                  make_server_context(issued.certificate, issued.key).value(), options,
                                  authority, node, gateway);
  gate->start().value();
}

stage::~stage() {
  run(gate->stop());
  EXPECT_TRUE(gateway.devices.empty());
  EXPECT_EQ(gate->session_count(), 0U);
}

std::unique_ptr<client> stage::make_client(client_handler& handler, bool trusting) {
  client_options options;
  options.authority_pem =
      trusting ? authority_pem.certificate
               : make_certificate_authority("another", std::chrono::system_clock::now()).value().certificate;
  options.wall_clock = [this] { return wall; };
  return std::make_unique<client>(context.get_executor(), options, handler);
}

std::string stage::url() const {
  return "wss://127.0.0.1:" + std::to_string(gate->port()) + "/";
}

void stage::run(asio::awaitable<void> scene) {
  bool done = false;
  std::exception_ptr failure;
  asio::co_spawn(context, std::move(scene), [&](std::exception_ptr thrown) {
    failure = thrown;
    done = true;
  });
  context.restart();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!done && std::chrono::steady_clock::now() < deadline && context.run_one_until(deadline) > 0) {
  }
  ASSERT_TRUE(done) << "the scene did not end in time";
  if (failure) std::rethrow_exception(failure);
}

asio::awaitable<void> stage::until(std::function<bool()> condition) {
  asio::steady_timer timer(context);
  for (int round = 0; round < 4000 && !condition(); ++round) {
    timer.expires_after(std::chrono::milliseconds(5));
    co_await timer.async_wait(asio::use_awaitable);
  }
  EXPECT_TRUE(condition()) << "what was waited for did not happen";
}

}  // namespace tollgate::gateway::overlay::two_ends
