// SPDX-License-Identifier: Apache-2.0
// Descriptions and times that several tests of the overlay use.
#pragma once

#include <chrono>
#include <string>

#include "gateway/overlay/certificate.hpp"
#include "gateway/overlay/webrtc_description.hpp"

namespace tollgate::gateway::overlay::sample {

inline const std::chrono::system_clock::time_point noon{std::chrono::seconds{1'800'000'000}};
inline const std::string call_id = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

inline certificate make_certificate() {
  return certificate::make(noon);
}

inline webrtc_description make_description(const fingerprint& digest) {
  webrtc_description result;
  result.ice = make_ice_credentials();
  result.certificate = digest;
  result.candidates = {host_candidate("127.0.0.1", 40000)};
  result.telephone_event = 101;
  result.ssrc = 0x1234;
  result.cname = "sample";
  return result;
}

}  // namespace tollgate::gateway::overlay::sample
