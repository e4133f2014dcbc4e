// SPDX-License-Identifier: Apache-2.0
// What an operator looks at when a gateway does not start or does not work: each function looks at one thing,
// changes nothing, and says what to do. They block.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/configuration.hpp"
#include "gateway/doctor_judgement.hpp"

namespace tollgate::gateway::doctor {

/// The state directory: there, writable for this user, with room; where others that share its disk write,
/// too.
findings look_at_disk(const configuration& settings);

/// Whether the kernel takes its clock for synchronised (adjtimex): tokens, leases and records hang on it.
findings look_at_clock();

/// Open files (the hard limit: the gateway raises its own to that) and RTP ports, against the calls that are
/// to go on at once.
findings look_at_limits(const configuration& settings);

/// Spoken prompts of the mailbox.
findings look_at_prompts(const configuration& settings);

/// The overlay's certificate: readable, with its key, and how long it is good for.
findings look_at_certificates(const configuration& settings, std::chrono::system_clock::time_point now);

/// What peers and carriers are told to send to: an address of a private network is told to no one outside.
findings look_at_addresses(const configuration& settings);

/// Whether the ports of a gateway that does not run are free.
findings look_at_ports(const configuration& settings);

/// The server answers, is new enough, takes writes, has our schema, and its clock is near `now`'s. Of the
/// gateway's own server only what can be seen while it runs, or that its programs are installed.
findings look_at_database(const configuration& settings);

}  // namespace tollgate::gateway::doctor
