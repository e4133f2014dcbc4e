// SPDX-License-Identifier: Apache-2.0
// A peer, a gateway and a telephone, each with a bridge, joined in virtual time.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "network.hpp"
#include "pstn/media/bridge.hpp"
#include "speech.hpp"

namespace tollgate::pstn::media::test {

// peer (Opus, 16 kHz) <-> gateway <-> telephone (G.711 at 8 kHz, or another codec)
struct call {
  explicit call(link network = {}, codec_id law = codec_id::pcma, bool events = true, unsigned seed = 1)
      : call(network, network, law, events, seed) {}
  // The ways to the gateway and from it differ.
  call(const link& to_gateway, const link& from_gateway, codec_id law, bool events, unsigned seed)
      : time(seed), peer(at_peer, 11), gateway(at_gateway, 22), phone(at_phone, 33) {
    join(peer, side::overlay, gateway, side::overlay, make_leg(codec_id::opus), to_gateway, from_gateway);
    join(phone, side::trunk, gateway, side::trunk, make_leg(law, events), to_gateway, from_gateway);
    for (bridge* each : {&peer, &gateway, &phone})
      time.add(*each);
    peer.record(side::overlay, heard_by_peer);
    phone.record(side::trunk, heard_by_phone);
  }

  void join(bridge& a, side a_side, bridge& b, side b_side, const leg_parameters& parameters,
            const link& there, const link& back) {
    a.attach(a_side, parameters, time.connect(there, b, b_side, false), time.connect(there, b, b_side, true));
    b.attach(b_side, parameters, time.connect(back, a, a_side, false), time.connect(back, a, a_side, true));
  }

  void join(bridge& a, side a_side, bridge& b, side b_side, const leg_parameters& parameters,
            const link& network) {
    join(a, a_side, b, b_side, parameters, network, network);
  }

  void talk(double seconds) {
    from_peer = std::make_shared<pcm_audio>(pcm_audio{make_speech(seconds, 16000, 7), 16000});
    from_phone = std::make_shared<pcm_audio>(pcm_audio{make_speech(seconds, 8000, 8), 8000});
    begun = {heard_by_peer->samples.size(), heard_by_phone->samples.size()};
    peer.play(side::overlay, make_pcm_source(from_peer), play_mode::replace);
    phone.play(side::trunk, make_pcm_source(from_phone), play_mode::replace);
    time.run(seconds);
  }

  comparison at_the_phone() const {
    auto heard = since(heard_by_phone, begun.second);
    return compare(halved(from_peer->samples), heard_by_phone->rate_hz == 16000 ? halved(heard) : heard);
  }
  comparison at_the_peer() const {
    auto heard = since(heard_by_peer, begun.first);
    return compare(from_phone->samples, heard_by_peer->rate_hz == 16000 ? halved(heard) : heard);
  }
  static std::vector<std::int16_t> since(const std::shared_ptr<memory_sink>& sink, std::size_t from) {
    return {sink->samples.begin() + static_cast<std::ptrdiff_t>(from), sink->samples.end()};
  }

  world time;
  listener at_peer, at_gateway, at_phone;
  bridge peer, gateway, phone;
  std::shared_ptr<memory_sink> heard_by_peer = std::make_shared<memory_sink>();
  std::shared_ptr<memory_sink> heard_by_phone = std::make_shared<memory_sink>();
  std::shared_ptr<pcm_audio> from_peer, from_phone;
  std::pair<std::size_t, std::size_t> begun;
};

}  // namespace tollgate::pstn::media::test
