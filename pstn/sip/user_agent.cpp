// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/user_agent.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "pstn/sip/address_family.hpp"
#include "pstn/sip/call.hpp"
#include "pstn/sip/endpoint.hpp"
#include "pstn/sip/uri.hpp"

namespace tollgate::pstn::sip {

namespace {

/// An endpoint and its thread.
class runner {
 public:
  runner(const user_agent_options& options, user_agent::event_handler handler,
         std::function<call_key()> next_key)
      : now_(options.now), endpoint_(options, std::move(handler), std::move(next_key)) {
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
  ~runner() {
    begin_stop();
    join();
  }
  runner(const runner&) = delete;
  runner& operator=(const runner&) = delete;

  endpoint& home() { return endpoint_; }
  const endpoint& home() const { return endpoint_; }
  void begin_stop() {
    if (thread_.joinable()) endpoint_.post([](endpoint& home) { home.begin_stop(); });
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  bool responds(std::chrono::milliseconds patience) {
    const auto now = now_();
    if (answered_) {
      answered_ = false;
      asked_at_ = now;
      endpoint_.post([this](endpoint&) { answered_ = true; });
    }
    return now - asked_at_ <= patience;
  }

 private:
  std::function<std::chrono::steady_clock::time_point()> now_;
  std::atomic<bool> answered_ = true;
  std::chrono::steady_clock::time_point asked_at_;
  endpoint endpoint_;
  std::thread thread_;
};

const std::string& shown(const std::string& advertised, const std::string& address) {
  return advertised.empty() ? address : advertised;
}

/// For each address the options of its endpoint: a stack has but one of each transport.
std::vector<user_agent_options> split(const user_agent_options& options) {
  user_agent_options first = options;
  first.address6.clear();
  if (options.address6.empty()) return {first};
  if (first.realm.empty()) first.realm = shown(options.advertised_address, options.address);
  user_agent_options second = first;
  second.address = options.address6;
  second.advertised_address = options.advertised_address6;
  return {first, second};
}

/// The host that a request to `uri` goes to: maddr before the host itself (RFC 3261 §19.1.1).
address_family family_of_uri(std::string_view uri) {
  constexpr std::string_view name = ";maddr=";
  const std::size_t at = uri.find(name);
  if (at == uri.npos) return family_of(host_of(uri));
  return uri.substr(at + name.size()).starts_with('[') ? address_family::ipv6 : address_family::ipv4;
}

}  // namespace

class user_agent::implementation {
 public:
  implementation(const user_agent_options& options, const event_handler& handler) {
    for (const auto& one : split(options))
      lines_.push_back(std::make_unique<runner>(one, handler, [this] { return next_key(); }));
  }

  ~implementation() { stop(); }

  call_key next_key() { return call_key{++last_key_}; }

  /// To the endpoint that a request to there leaves from; where there is but one, to that.
  void post_toward(std::string_view uri, endpoint::command work) {
    lines_[family_of_uri(uri) == address_family::ipv6 ? lines_.size() - 1 : 0]->home().post(std::move(work));
  }

  /// To all of them: a command for a key is nothing to an endpoint that does not have it.
  void post(const endpoint::command& work) {
    for (const auto& line : lines_)
      line->home().post(work);
  }

  void post_to(call_key key, std::function<void(call&)> action) {
    post([key, action = std::move(action)](endpoint& home) { home.with_call(key, action); });
  }

  bool responds(std::chrono::milliseconds patience) {
    bool all = true;
    for (const auto& line : lines_)
      all = line->responds(patience) && all;
    return all;
  }

  stranger_figures strangers() const {
    stranger_figures all;
    for (const auto& line : lines_) {
      const auto one = line->home().strangers();
      all.answered += one.answered;
      all.dropped += one.dropped;
      all.connections_cut += one.connections_cut;
    }
    return all;
  }

  void stop() {
    const std::scoped_lock lock(stop_mutex_);
    for (const auto& line : lines_)
      line->begin_stop();
    for (const auto& line : lines_)
      line->join();
  }

 private:
  std::atomic<std::uint64_t> last_key_ = 0;
  std::mutex stop_mutex_;
  std::vector<std::unique_ptr<runner>> lines_;
};

user_agent::user_agent(user_agent_options options, event_handler handler)
    : implementation_(std::make_unique<implementation>(options, handler)) {}

user_agent::~user_agent() = default;

call_key user_agent::next_call_key() {
  return implementation_->next_key();
}

void user_agent::send_invite(call_key key, invite request) {
  const std::string next_hop = request.route.empty() ? request.request_uri : request.route;
  implementation_->post_toward(
      next_hop, [key, request = std::move(request)](endpoint& home) { home.start_call(key, request); });
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
  const std::string next_hop = uri;
  implementation_->post_toward(
      next_hop, [key, uri = std::move(uri)](endpoint& home) { home.start_probe(key, uri, std::nullopt); });
}

void user_agent::send_notify(call_key key, std::string uri, notice what) {
  const std::string next_hop = uri;
  implementation_->post_toward(next_hop, [key, uri = std::move(uri), what = std::move(what)](endpoint& home) {
    home.start_probe(key, uri, what);
  });
}

void user_agent::start_registration(call_key key, registration_request request) {
  const std::string next_hop = request.route.empty() ? request.registrar_uri : request.route;
  implementation_->post_toward(next_hop, [key, request = std::move(request)](endpoint& home) {
    home.start_registration(key, request);
  });
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

bool user_agent::responds(std::chrono::milliseconds patience) {
  return implementation_->responds(patience);
}

stranger_figures user_agent::strangers() const {
  return implementation_->strangers();
}

void user_agent::stop() {
  implementation_->stop();
}

}  // namespace tollgate::pstn::sip
