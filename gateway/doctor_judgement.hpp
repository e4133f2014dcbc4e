// SPDX-License-Identifier: Apache-2.0
// What the doctor makes of what it has seen (doctor.hpp): free of IO, so that a machine on which all is well can be told of one on which it
// is not.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::gateway::doctor {

enum class verdict : std::uint8_t { good, warning, failure };
std::string_view name(verdict value);

struct finding {
  verdict as = verdict::good;
  std::string what;      ///< "database"
  std::string text;      ///< what was seen
  std::string remedy{};  ///< what to do; empty when all is good
};
using findings = std::vector<finding>;

/// How the kernel takes its clock.
enum class clock_state : std::uint8_t { synchronised, adrift, unknown };
finding judge_clock(clock_state seen);

/// Bytes that are free for the state directory.
finding judge_room(const std::string& directory, std::uintmax_t available);

/// Until when the certificate in `where` is good; nothing: it is none. `remedy`: how to have a new one.
finding judge_certificate(std::optional<std::chrono::system_clock::time_point> expiry, const std::string& where, const std::string& remedy,
                          std::chrono::system_clock::time_point now);

/// What the database's server tells of itself.
struct server_facts {
  int version = 0;  ///< server_version_num
  bool is_standby = false, keeps_what_it_commits = true;
  std::chrono::duration<double> time{};           ///< its clock, since 1970
  std::chrono::duration<double> before{}, after{};  ///< ours, around that
};
findings judge_server(const server_facts& seen);

}  // namespace tollgate::gateway::doctor
