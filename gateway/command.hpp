// SPDX-License-Identifier: Apache-2.0
// The commands of `tollgate`. Each returns the exit code of the process.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "gateway/configuration.hpp"

namespace tollgate::gateway {

/// Exit codes of every command.
enum exit_code : int {
  exit_done = 0,
  exit_failed = 1,       ///< the reason is on standard error
  exit_usage = 2,        ///< the command line or the configuration is wrong
  exit_unreachable = 3,  ///< no gateway answers at the API's address
  exit_refused = 4,      ///< the gateway refused: bad token, no such call, ...
};

int command_serve(const configuration& settings);
int command_migrate(const configuration& settings, bool look_only);

/// `where` stands for the file in the answer. With `print`, the whole configuration with every key and its
/// comment.
int command_check(const std::optional<std::filesystem::path>& file, bool print);

/// How to reach a running gateway's API.
struct remote_options {
  std::string url;                   ///< "http://127.0.0.1:8080" or https; empty: from the configuration
  std::filesystem::path authority;         ///< PEM, for https; empty: the system's, or api.certificate with the configured URL
  std::filesystem::path certificate, key;  ///< PEM, for a gateway that asks clients for a certificate
  std::filesystem::path token_file;  ///< empty: from the configuration. TOLLGATE_ADMIN_TOKEN goes before both
  bool json = false;                 ///< print the answer as it came
};
int command_status(const configuration& settings, const remote_options& remote);
/// `watch`: again and again, a second apart, until the process is ended.
int command_calls(const configuration& settings, const remote_options& remote, bool watch);
int command_hangup(const configuration& settings, const remote_options& remote, const std::string& call_id);
struct trace_options {
  std::string call_id;
  bool messages = false;       ///< print them whole below the ladder
  std::filesystem::path pcap;  ///< write a capture file there instead
};
int command_trace(const configuration& settings, const remote_options& remote, const trace_options& what);
struct events_options {
  std::string types;    ///< parted by commas; empty: all
  std::string account;  ///< name or id; empty: all
  int count = 20;       ///< of the newest
  bool follow = false;  ///< and then what comes, until the process is ended
};
int command_events(const configuration& settings, const remote_options& remote, const events_options& what);
/// An account's name or id, a region, or neither.
struct simulation_options {
  std::string number, account, region;
};
int command_simulate(const configuration& settings, const remote_options& remote,
                     const simulation_options& what);
// `node`: another gateway on the same database; empty: the one that is asked.
int command_drain(const configuration& settings, const remote_options& remote, const std::string& node, bool stop);
int command_undrain(const configuration& settings, const remote_options& remote, const std::string& node);
/// exit_failed if something is wrong; what is only noteworthy does not count.
int command_doctor(const configuration& settings, const remote_options& remote,
                   std::chrono::system_clock::time_point now);

}  // namespace tollgate::gateway
