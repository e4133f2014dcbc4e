// SPDX-License-Identifier: Apache-2.0
// The gateway's media alone, as a process whose cost can be seen from outside: the real media_engine, steered
// over standard input by one JSON object a line, each answered by one. First the far ends of all calls come
// in and our ends go out; an end of input, or any second line, closes the calls and reports what became of
// them. Argument: how many workers; 1 without it.
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "gateway/call/media_engine.hpp"

namespace tollgate::bench {
namespace {

namespace json = boost::json;
namespace call = gateway::call;
namespace overlay = gateway::overlay;
namespace media = pstn::media;

constexpr std::uint8_t peer_events_payload_type = 126;  // as Chromium offers them
constexpr std::uint8_t trunk_events_payload_type = 101;

media::leg_parameters make_leg(media::codec_id codec, std::uint8_t events_payload_type) {
  media::leg_parameters leg;
  leg.codec = media::default_description(codec);
  leg.telephone_event_payload_type = events_payload_type;
  leg.telephone_event_clock_hz = leg.codec.rtp_clock_hz;
  leg.cname = "bench";
  return leg;
}

std::string text(const json::value& from, std::string_view name) {
  return std::string(from.at(name).as_string());
}

// Opens a call between a peer and a trunk as an answered call has it, and tells our end.
json::object open(call::media_session& session, const json::value& far,
                  const overlay::fingerprint& certificate) {
  const auto device = session.add_device();
  call::overlay_remote peer;
  peer.ice = {text(far, "ufrag"), text(far, "pwd")};
  peer.certificate = certificate;
  peer.own_role = overlay::dtls_role::server;
  peer.leg = make_leg(media::codec_id::opus, peer_events_payload_type);
  session.connect_overlay(device.index, std::move(peer));
  session.choose_device(device.index);
  const auto port = session.open_trunk().value();
  call::trunk_remote trunk;
  trunk.address = "127.0.0.1";
  trunk.port = static_cast<std::uint16_t>(far.at("trunk_port").to_number<int>());
  trunk.rtcp_port = trunk.port;
  trunk.leg = make_leg(media::codec_id::pcma, trunk_events_payload_type);
  session.connect_trunk(std::move(trunk));
  session.connect_voice(true);
  session.watch_silence(media::side::overlay, true);
  session.watch_silence(media::side::trunk, true);
  return {{"peer_port", session.overlay_port()},
          {"ufrag", device.ice.username_fragment},
          {"pwd", device.ice.password},
          {"trunk_port", port}};
}

struct totals {
  std::uint64_t lost = 0, late = 0, malformed = 0, foreign = 0;
  std::int64_t concealed_ms = 0;
  double overlay_buffer_ms = 0, trunk_buffer_ms = 0;  // sums of what the jitter buffers add at the end
  double calls = 0;

  void add(const call::media_report& report) {
    for (const auto* leg : {&report.overlay, &report.trunk}) {
      lost += leg->lost;
      late += leg->late;
      malformed += leg->malformed;
      concealed_ms += leg->concealed.count();
    }
    foreign += report.foreign_packets;
    overlay_buffer_ms += static_cast<double>(report.overlay.playout_delay.count());
    trunk_buffer_ms += static_cast<double>(report.trunk.playout_delay.count());
    ++calls;
  }
  json::object to_json() const {
    return {{"lost", lost},
            {"late", late},
            {"malformed", malformed},
            {"foreign", foreign},
            {"concealed_ms", concealed_ms},
            {"overlay_buffer_ms", overlay_buffer_ms / calls},
            {"trunk_buffer_ms", trunk_buffer_ms / calls}};
  }
};

int run(std::size_t workers) {
  boost::asio::io_context signalling;
  call::clocks clocks{[] { return std::chrono::steady_clock::now(); },
                      [] { return std::chrono::system_clock::now(); }};
  call::media_options options;
  options.address = "127.0.0.1";
  options.workers = workers;
  options.shed_load = false;  // what is measured is the cost of every call at full quality
  call::media_engine engine(
      options, clocks, overlay::dtls_context(overlay::certificate::make(std::chrono::system_clock::now())),
      signalling.get_executor());
  std::string line;
  if (!std::getline(std::cin, line)) return 2;
  const json::value asked = json::parse(line);
  const auto certificate = overlay::fingerprint::from_text(text(asked, "fingerprint")).value();

  std::vector<std::shared_ptr<call::media_session>> sessions;
  json::array ends;
  for (const json::value& far : asked.at("calls").as_array()) {
    auto session = engine.open([](call::media_message) {});
    if (!session) throw std::runtime_error("the engine refuses a call");
    sessions.push_back(std::move(session));
    ends.push_back(open(*sessions.back(), far, certificate));
  }
  std::cout << json::serialize(
                   json::object{{"fingerprint", engine.fingerprint().to_text()}, {"calls", std::move(ends)}})
            << std::endl;

  std::getline(std::cin, line);
  totals sum;
  std::size_t open_calls = sessions.size();
  for (const auto& session : sessions)
    session->close([&](call::media_report report) {
      sum.add(report);
      --open_calls;
    });
  const auto alive = boost::asio::make_work_guard(signalling);
  while (open_calls > 0)
    signalling.run_one();
  std::cout << json::serialize(sum.to_json()) << std::endl;
  return 0;
}

}  // namespace
}  // namespace tollgate::bench

int main(int count, char** arguments) {
  try {
    return tollgate::bench::run(count > 1 ? std::stoul(arguments[1]) : 1);
  } catch (const std::exception& error) {
    std::cerr << "bench_media_gateway: " << error.what() << '\n';
    return 1;
  }
}
