// SPDX-License-Identifier: Apache-2.0
#include "fixture.hpp"

#include <cstdlib>
#include <fstream>
#include <mutex>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/uuid/string_generator.hpp>
#include <pqxx/result>

#include "gateway/api/api_token.hpp"

namespace tollgate::gateway::api {

namespace asio = boost::asio;

namespace {

// Keeps what was answered, a line of JSON each, for answers_test.py to judge by the document; without $TOLLGATE_API_ANSWERS nothing.
void keep_answer(const std::string& method, const std::string& target, const answer& got) {
  static std::ofstream kept = [] {
    const char* const path = std::getenv("TOLLGATE_API_ANSWERS");
    return path == nullptr ? std::ofstream() : std::ofstream(path, std::ios::trunc);
  }();
  if (!kept.is_open() || !(got.body.is_object() || got.text.empty())) return;
  static std::mutex one;  // of the threads that ask at once
  const std::lock_guard<std::mutex> turn(one);
  const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
  kept << boost::json::object{{"test", test == nullptr ? "" : test->name()}, {"method", method},   {"target", target},
                              {"status", got.status},                        {"type", got.field("Content-Type")},
                              {"body", got.body}}
       << std::endl;
}

}  // namespace

media_status remembering_gateway::media() {
  media_status media;
  media.workers = {{"normal", 0, 0.25, 3}, {"least", 2, 0.75, 40}};
  media.received = {{"overlay", "", 100}};
  media.sent = {{"trunk", "", 99}};
  media.refused = {{"overlay", "srtp_replay", 7}};
  media.calls_refused = 5;
  return media;
}

node_status remembering_gateway::status() {
  node_status now;
  now.node = "test";
  now.calls = 1;
  return now;
}

uuid remembering_gateway::the_call() {
  return boost::uuids::string_generator()("0190a0b0-0000-7000-8000-00000000ca11");
}

std::vector<live_call> remembering_gateway::live_calls() {
  live_call call;
  call.call_id = the_call();
  call.direction = "out";
  call.state = "talking";
  call.callee = "+442079460958";
  call.held_micros = 17'000;
  call.cost = billing::money{8'500};
  call.currency = "EUR";
  live_call in;
  in.call_id = boost::uuids::string_generator()("0190a0b0-0000-7000-8000-00000000ca12");
  in.direction = "in";
  in.state = "ringing";
  return {call, in};
}

std::vector<trunk_status> remembering_gateway::trunk_statuses() {
  trunk_status one;
  one.name = "north \"1\"";
  one.up = true;
  one.calls = 3;
  one.registration = "registered";
  one.targets = {{"udp 192.0.2.1:5060", true}, {"udp 192.0.2.2:5060", false}};
  one.attempts = 5;
  one.answered = 2;
  one.talk_ms = 61'500;
  one.delay_ms = 2'250;
  one.delays = 4;
  one.codes = {{200, 2}, {486, 3}};
  one.resting = true;
  one.calls_in = 7;
  one.refused_in = 8;
  one.recent = {.attempts = 4, .answered = 1, .answer_seizure_ratio = 0.25, .average_call_duration = {}, .post_dial_delay = {}};
  return {one};
}

bool remembering_gateway::hang_up(const uuid& call_id) {
  remember("hangup");
  return call_id == the_call();
}

boost::asio::awaitable<boost::system::result<simulated_call>> remembering_gateway::simulate(
    call_question question) {
  remember("simulate " + question.number + " from " + question.region);
  simulated_call call;
  call.verdict = "ok";
  call.number = pstn::phone_number::parse("+442079460958").value();
  call.currency = "EUR";
  call.price = billing::rate{};
  call.usual_call = std::chrono::seconds(180);
  call.trunks.push_back({.trunk = "landline", .verdict = "chosen", .cost = {}, .post_dial_delay = {}, .targets = {"udp 192.0.2.1:5060"}});
  co_return call;
}

// Every account has one.
std::vector<attached_device> remembering_gateway::devices(const uuid&) {
  return {{"the session", "the thumbprint", true, std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000)),
           "192.0.2.7"}};
}

bool remembering_gateway::disconnect(const uuid&, const std::string& id) {
  remember("disconnect " + id);
  return id == "the session";
}

void remembering_gateway::remember(std::string what) {
  const std::lock_guard lock(mutex_);
  asked_.push_back(std::move(what));
}

std::vector<std::string> remembering_gateway::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(asked_, {});
}

void Api::SetUp() {
  postgres_test::SetUp();
  db::database_options options;
  options.url = database();
  options.pool_size = 3;
  pool_ = std::make_unique<db::database>(options);
  hasher_ = std::make_unique<subscriber::passphrase_hasher>();
  logins_ = std::make_unique<subscriber::login_desk>(*pool_, *hasher_, subscriber::login_limits{});
  token_ = make_token();
  api_token admin;
  admin.label = "test";
  const auto stored = pool_->run_blocking([&](pqxx::work& tx) { store_token(tx, token_, admin); });
  ASSERT_FALSE(stored.has_error());
  server_options wanted;
  wanted.port = 0;
  wanted.region = "US";
  wanted.node = "test";
  wanted.webhook_secret = webhook_secret;
  adjust(wanted);
  server_ = std::make_unique<api::server>(context_, wanted, *pool_, *hasher_, *logins_, gateway_);
  server_->start();
  port_ = server_->port();
  thread_ = std::thread([this] { context_.run(); });
}

void Api::TearDown() {
  asio::co_spawn(context_, server_->stop(), asio::use_future).get();
  thread_.join();
  hasher_->stop();
  pool_->stop();
}

std::string Api::exchange(const std::string& bytes) {
  asio::io_context own;
  asio::ip::tcp::socket socket(own);
  socket.connect({asio::ip::make_address("127.0.0.1"), port_});
  boost::system::error_code ignored;
  asio::write(socket, asio::buffer(bytes), ignored);
  std::string received;
  asio::read(socket, asio::dynamic_buffer(received), ignored);
  return received;
}

answer Api::send(const std::string& method, const std::string& target, const std::string& body,
                 const std::string& type) {
  const std::string received = exchange(
      method + " " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer " +
      token_ + "\r\n" + headers_ + "Content-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n" + body);
  answer out;
  const std::size_t split = received.find("\r\n\r\n");
  if (split == std::string::npos) return out;
  out.header = received.substr(0, split);
  out.text = received.substr(split + 4);
  out.status = static_cast<unsigned>(std::stoi(out.header.substr(9, 3)));
  boost::system::error_code error;
  auto parsed = boost::json::parse(out.text, error);
  if (!error) out.body = std::move(parsed);
  keep_answer(method, target, out);
  return out;
}

std::string answer::field(const std::string& name) const {
  const std::size_t at = header.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return header.substr(begin, header.find("\r\n", begin) - begin);
}

std::string Api::create_account(const std::string& name) {
  const answer made = post("/v1/accounts", R"({"passphrase":"correct horse","name":")" + name + "\"}");
  EXPECT_EQ(made.status, 201U) << made.text;
  gateway_.take();
  return made.status == 201 ? made.string("id") : "";
}

}  // namespace tollgate::gateway::api
