// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/media_session.hpp"

#include <boost/asio/post.hpp>

#include "gateway/call/media_call.hpp"
#include "gateway/call/media_worker.hpp"

namespace tollgate::gateway::call {

namespace asio = boost::asio;
namespace media = pstn::media;

media_session::media_session(std::shared_ptr<media_worker> worker, std::function<void(media_message)> tell)
    : worker_(std::move(worker)),
      teller_(std::make_shared<media_teller>(media_teller{std::move(tell)})),
      call_(std::make_shared<media_call>(*worker_, teller_)) {
  worker_->session_opened();
  asio::post(worker_->context(), [worker = worker_, call = call_] { worker->attach(call); });
}

media_session::~media_session() {
  close([](media_report) {});
}

std::uint16_t media_session::overlay_port() const {
  return worker_->overlay_port();
}

template <class Work>
void media_session::on_worker(Work work) {
  asio::post(worker_->context(), [call = call_, work = std::move(work)]() mutable { work(*call); });
}

media_session::local_device media_session::add_device() {
  local_device added{devices_++, overlay::make_ice_credentials()};
  on_worker([added](media_call& call) { call.add_device(added.index, added.ice); });
  return added;
}

void media_session::connect_overlay(device_index device, overlay_remote remote) {
  on_worker([device, remote = std::move(remote)](media_call& call) { call.connect_overlay(device, remote); });
}

media_session::local_device media_session::restart_overlay(device_index device,
                                                           overlay::ice_credentials remote) {
  local_device renewed{device, overlay::make_ice_credentials()};
  on_worker([renewed, remote = std::move(remote)](media_call& call) {
    call.restart_overlay(renewed.index, renewed.ice, remote);
  });
  return renewed;
}

void media_session::choose_device(device_index device) {
  on_worker([device](media_call& call) { call.choose_device(device); });
}

boost::system::result<std::uint16_t> media_session::open_trunk(media::side at,
                                                               pstn::sip::address_family wanted) {
  auto& current = opened_[at == media::side::overlay ? 0 : 1];
  const auto family = worker_->trunk_range().nearest(wanted);
  if (current && current->family == family) return current->port;
  auto bound = worker_->trunk_range().bind(family);
  if (!bound) return bound.error();
  auto ports = std::make_shared<trunk_ports>(std::move(*bound));
  const auto port = ports->port;
  current = {family, port};
  on_worker([ports = std::move(ports), at](media_call& call) { call.open_trunk(ports, at); });
  return port;
}

void media_session::connect_trunk(trunk_remote remote, media::side at) {
  on_worker([remote = std::move(remote), at](media_call& call) { call.connect_trunk(remote, at); });
}

void media_session::disconnect_trunk(media::side at) {
  on_worker([at](media_call& call) { call.disconnect_trunk(at); });
}

void media_session::connect_voice(bool connected) {
  on_worker([connected](media_call& call) {
    call.with_bridge([connected](media::bridge& bridge) { bridge.connect_voice(connected); });
  });
}

void media_session::play(media::side toward, std::shared_ptr<media::audio_source> source,
                         media::play_mode mode) {
  on_worker([toward, source = std::move(source), mode](media_call& call) {
    call.with_bridge([&](media::bridge& bridge) { bridge.play(toward, source, mode); });
  });
}

void media_session::stop_playing(media::side toward) {
  play(toward, nullptr, media::play_mode::replace);
}

void media_session::record(media::side from, std::shared_ptr<media::audio_sink> sink) {
  on_worker([from, sink = std::move(sink)](media_call& call) {
    call.with_bridge([&](media::bridge& bridge) { bridge.record(from, sink, media::record_mode::whole); });
  });
}

void media_session::stop_recording(media::side from, std::function<void()> finished) {
  on_worker(
      [from, finished = std::move(finished), signalling = worker_->signalling()](media_call& call) mutable {
        call.with_bridge([&](media::bridge& bridge) { bridge.record(from, nullptr); });
        asio::post(signalling, std::move(finished));
      });
}

void media_session::send_digits(media::side toward, std::string digits, std::chrono::milliseconds duration) {
  on_worker([toward, digits = std::move(digits), duration](media_call& call) {
    call.with_bridge([&](media::bridge& bridge) { bridge.send_digits(toward, digits, duration); });
  });
}

void media_session::watch_silence(media::side from, bool on) {
  on_worker([from, on](media_call& call) { call.watch_silence(from, on); });
}

void media_session::report(std::function<void(media_report)> report) {
  on_worker([signalling = worker_->signalling(), teller = teller_,
             report = std::move(report)](media_call& call) mutable {
    asio::post(signalling, [teller, report = std::move(report), facts = call.report()]() mutable {
      if (teller->open) report(std::move(facts));
    });
  });
}

void media_session::close(std::function<void(media_report)> report) {
  if (!teller_->open) return;
  teller_->open = false;
  worker_->session_closed();
  on_worker([call = call_, worker = worker_, report = std::move(report)](media_call&) mutable {
    auto facts = call->shut();
    worker->detach(call);
    asio::post(worker->signalling(), [report = std::move(report), facts = std::move(facts)]() mutable {
      report(std::move(facts));
    });
  });
}

}  // namespace tollgate::gateway::call
