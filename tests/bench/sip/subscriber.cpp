// SPDX-License-Identifier: Apache-2.0
#include "subscriber.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <stdexcept>
#include <utility>

#include "far_end.hpp"
#include "gateway/overlay/frame.hpp"

namespace tollgate::bench {

namespace overlay = gateway::overlay;
namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds repeat_interval{300};  // of what may have been lost on the way to encryption

overlay::client_options options_of(const std::string& authority_pem) {
  overlay::client_options options;
  options.authority_pem = authority_pem;
  options.connect_deadline = std::chrono::seconds(60);  // the generator begins with hundreds at once
  options.request_deadline = std::chrono::seconds(60);
  options.wall_clock = [] { return std::chrono::system_clock::now(); };
  return options;
}

[[noreturn]] void refuse(const char* what, const overlay::refusal& why) {
  throw std::runtime_error(std::string(what) + ": " + why.code + " " + why.text);
}

}  // namespace

event_log::event_log(const std::string& file) : file_(std::fopen(file.c_str(), "w")) {
  if (file_ == nullptr) throw std::runtime_error("cannot write " + file);
}

event_log::~event_log() {
  std::fclose(file_);
}

void event_log::note(std::string_view what, const std::string& number) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::fprintf(file_, "%.*s %s %lld\n", static_cast<int>(what.size()), what.data(), number.c_str(),
               static_cast<long long>(std::chrono::nanoseconds(now).count()));
}

struct subscriber::open_call : std::enable_shared_from_this<open_call> {
  open_call(load_environment& with, std::string number_called, bool is_outbound)
      : environment(with),
        number(std::move(number_called)),
        outbound(is_outbound),
        socket(with.executor, dup(far.peer.descriptor())),
        hold(with.executor),
        repeat(with.executor) {
    ++environment.count.open;
  }
  ~open_call() {
    --environment.count.open;
    if (far.connected()) --environment.count.connected;
  }

  void listen() {
    socket.async_wait(asio::posix::stream_descriptor::wait_read,
                      [weak = weak_from_this()](boost::system::error_code error) {
                        const auto self = weak.lock();
                        if (error || !self) return;
                        self->receive();
                        self->listen();
                      });
  }

  void receive() {
    std::array<unsigned char, 2048> datagram;
    const bool before = far.connected();
    while (const auto got = far.peer.receive(datagram))
      if (!far.connected()) far.take_set_up(std::span(datagram).first(got->size));
    if (!before && far.connected()) ++environment.count.connected;
  }

  void repeat_set_up() {
    repeat.expires_after(repeat_interval);
    repeat.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (error || !self || self->far.connected()) return;
      self->far.repeat_set_up();
      self->repeat_set_up();
    });
  }

  load_environment& environment;
  const std::string number;
  const bool outbound;
  far_end far;
  asio::posix::stream_descriptor socket;
  asio::steady_timer hold, repeat;
  bool connecting = false, ringing = false, answered = false;
};

subscriber::subscriber(load_environment& environment, const std::string& authority_pem)
    : environment_(environment),
      client_(std::make_unique<overlay::client>(environment.executor, options_of(authority_pem), *this)) {}

subscriber::~subscriber() = default;

asio::awaitable<void> subscriber::attach(std::string url, std::string name, std::string passphrase) {
  const auto connected = co_await client_->connect(url);
  if (!connected) refuse("connect", connected.error());
  auto identity = co_await client_->log_in(name, passphrase, overlay::private_key::generate());
  if (!identity) refuse("log in", identity.error());
  const auto attached = co_await client_->attach(std::move(*identity));
  if (!attached) refuse("attach", attached.error());
}

subscriber::call_ptr subscriber::open(const std::string& id, const std::string& number, bool outbound) {
  return calls_[id] = std::make_shared<open_call>(environment_, number, outbound);
}

overlay::webrtc_description subscriber::describe(const open_call& call) const {
  overlay::webrtc_description own;
  own.ice = call.far.ice;
  own.certificate = environment_.dtls.own_certificate().digest();
  own.candidates = {overlay::host_candidate("127.0.0.1", call.far.peer.number())};
  own.end_of_candidates = true;
  own.telephone_event = 126;
  own.telephone_event_clock_hz = 8000;
  own.ssrc = 4711;
  own.cname = "bench";
  return own;
}

void subscriber::connect(const call_ptr& call, const overlay::webrtc_description& gateway) {
  if (call->connecting || gateway.candidates.empty()) return;
  call->connecting = true;
  call->far.peer.connect(gateway.candidates.front().port);
  call->far.begin(call->environment.dtls, gateway.ice, gateway.certificate);
  call->listen();
  call->repeat_set_up();
}

void subscriber::call(const std::string& number) {
  const std::string id = overlay::make_call_id();
  const auto call = open(id, number, true);
  ++environment_.count.calls_out;
  const std::string sdp = to_string(describe(*call));
  environment_.events.note("offer", number);
  if (const auto sent = client_->send_offer(id, number, sdp); !sent) close(id, sent.error().code);
}

void subscriber::rang(const overlay::call_progress& progress) {
  const auto found = calls_.find(progress.call);
  if (found == calls_.end()) return;
  if (progress.description) connect(found->second, *progress.description);
  const auto state = overlay::find_text(progress.body, "state");
  if (state != "ringing" || std::exchange(found->second->ringing, true)) return;
  environment_.events.note("ringing", found->second->number);
}

void subscriber::answered(const overlay::call_progress& progress) {
  const auto found = calls_.find(progress.call);
  if (found == calls_.end()) return;
  const auto call = found->second;
  environment_.events.note("answered", call->number);
  call->answered = true;
  if (progress.description) connect(call, *progress.description);
  call->hold.expires_after(environment_.hold);
  call->hold.async_wait([this, id = progress.call](boost::system::error_code error) {
    if (!error) client_->send_hangup(id, "normal");
  });
}

void subscriber::offered(const overlay::incoming_call& incoming) {
  environment_.events.note("offered", incoming.from);
  ++environment_.count.calls_in;
  const auto call = open(incoming.call, incoming.from, false);
  client_->send_ring(incoming.call);
  overlay::answer_parameters own;
  own.ice = call->far.ice;
  own.certificate = environment_.dtls.own_certificate().digest();
  own.candidates = {overlay::host_candidate("127.0.0.1", call->far.peer.number())};
  own.ssrc = 4711;
  own.cname = "bench";
  auto answer = overlay::make_answer(incoming.description, own);
  answer.setup = overlay::dtls_setup::active;  // as a peer that has checked the path already
  environment_.events.note("answer", incoming.from);
  if (const auto sent = client_->send_answer(incoming.call, to_string(answer)); !sent)
    return close(incoming.call, sent.error().code);
  call->answered = true;
  connect(call, incoming.description);
}

void subscriber::close(const std::string& id, const std::string& code) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const auto call = found->second;
  calls_.erase(found);
  const bool good = code == "normal" && call->answered && call->far.connected();
  if (good)
    ++(call->outbound ? environment_.count.done_out : environment_.count.done_in);
  else
    ++environment_.count.failures[code != "normal" ? code
                                  : call->answered ? "not_encrypted"
                                                   : "not_answered"];
}

void subscriber::taken(const std::string& call) {
  close(call, "taken");
}

void subscriber::hung_up(const overlay::call_end& end) {
  close(end.call, end.code);
}

void subscriber::complained(const std::string&, const overlay::refusal& error) {
  ++environment_.count.failures["error_" + error.code];
}

void subscriber::disconnected(const overlay::refusal& reason) {
  ++environment_.count.failures["disconnected_" + reason.code];
  while (!calls_.empty())
    close(calls_.begin()->first, "disconnected");
}

}  // namespace tollgate::bench
