// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/user_agent.hpp"

#include <atomic>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "pstn/sip/call.hpp"
#include "pstn/sip/endpoint.hpp"

namespace tollgate::pstn::sip {

class user_agent::implementation {
 public:
  implementation(user_agent_options options, event_handler handler)
      : endpoint_(options, std::move(handler), [this] { return next_key(); }) {
    std::promise<void> started;
    auto outcome = started.get_future();
    thread_ =
        std::thread([this, started = std::move(started)]() mutable { endpoint_.run(std::move(started)); });
    try {
      outcome.get();
    } catch (...) {
      thread_.join();
      throw;
    }
  }

  ~implementation() { stop(); }

  call_key next_key() { return call_key{++last_key_}; }

  void post(endpoint::command work) { endpoint_.post(std::move(work)); }

  void post_to(call_key key, std::function<void(call&)> action) {
    endpoint_.post([key, action = std::move(action)](endpoint& home) { home.with_call(key, action); });
  }

  stranger_figures strangers() const { return endpoint_.strangers(); }

  void stop() {
    const std::scoped_lock lock(stop_mutex_);
    if (!thread_.joinable()) return;
    endpoint_.post([](endpoint& home) { home.begin_stop(); });
    thread_.join();
  }

 private:
  std::atomic<std::uint64_t> last_key_ = 0;
  endpoint endpoint_;
  std::mutex stop_mutex_;
  std::thread thread_;
};

user_agent::user_agent(user_agent_options options, event_handler handler)
    : implementation_(std::make_unique<implementation>(std::move(options), std::move(handler))) {}

user_agent::~user_agent() = default;

call_key user_agent::next_call_key() {
  return implementation_->next_key();
}

void user_agent::send_invite(call_key key, invite request) {
  implementation_->post(
      [key, request = std::move(request)](endpoint& home) { home.start_call(key, request); });
}

void user_agent::send_progress(call_key key, int status, std::string sdp) {
  implementation_->post_to(key, [status, sdp = std::move(sdp)](call& one) { one.progress(status, sdp); });
}

void user_agent::answer(call_key key, std::string sdp) {
  implementation_->post_to(key, [sdp = std::move(sdp)](call& one) { one.answer(sdp); });
}

void user_agent::reject(call_key key, int status, std::string phrase, int q850) {
  implementation_->post_to(
      key, [status, phrase = std::move(phrase), q850](call& one) { one.reject(status, phrase, q850); });
}

void user_agent::hang_up(call_key key, int q850, std::string reason) {
  implementation_->post_to(key, [q850, reason = std::move(reason)](call& one) { one.hang_up(q850, reason); });
}

void user_agent::confirm_bye(call_key key) {
  implementation_->post_to(key, [](call& one) { one.confirm_bye(); });
}

void user_agent::answer_reinvite(call_key key, std::string sdp) {
  implementation_->post_to(key, [sdp = std::move(sdp)](call& one) { one.answer_reinvite(sdp); });
}

void user_agent::send_info_dtmf(call_key key, char digit, std::chrono::milliseconds duration) {
  implementation_->post_to(key, [digit, duration](call& one) { one.send_dtmf(digit, duration); });
}

void user_agent::send_options(call_key key, std::string uri) {
  implementation_->post(
      [key, uri = std::move(uri)](endpoint& home) { home.start_probe(key, uri, std::nullopt); });
}

void user_agent::send_notify(call_key key, std::string uri, notice what) {
  implementation_->post([key, uri = std::move(uri), what = std::move(what)](endpoint& home) {
    home.start_probe(key, uri, what);
  });
}

void user_agent::start_registration(call_key key, registration_request request) {
  implementation_->post(
      [key, request = std::move(request)](endpoint& home) { home.start_registration(key, request); });
}

void user_agent::stop_registration(call_key key) {
  implementation_->post([key](endpoint& home) { home.stop_registration(key); });
}

void user_agent::set_draining(bool draining) {
  implementation_->post([draining](endpoint& home) { home.set_draining(draining); });
}

void user_agent::set_admission(admission_rule rule) {
  implementation_->post([rule = std::move(rule)](endpoint& home) { home.set_admission(rule); });
}

stranger_figures user_agent::strangers() const {
  return implementation_->strangers();
}

void user_agent::stop() {
  implementation_->stop();
}

}  // namespace tollgate::pstn::sip
