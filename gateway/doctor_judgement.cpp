// SPDX-License-Identifier: Apache-2.0
#include "gateway/doctor_judgement.hpp"

namespace tollgate::gateway::doctor {
namespace {

constexpr std::uintmax_t room_needed = std::uintmax_t{100} << 20;  // less: nothing can be spooled for long
constexpr std::uintmax_t room_wished = std::uintmax_t{1} << 30;
constexpr auto certificate_wished = std::chrono::hours(30 * 24);
constexpr int least_server_version = 150'000;
constexpr auto clock_difference_most = std::chrono::seconds(1);

}  // namespace

std::string_view name(verdict value) {
  switch (value) {
    case verdict::good:
      return "good";
    case verdict::warning:
      return "warning";
    case verdict::failure:
      return "failure";
  }
  return "";
}

finding judge_clock(clock_state seen) {
  switch (seen) {
    case clock_state::synchronised:
      return {verdict::good, "clock", "it is synchronised"};
    case clock_state::adrift:
      return {verdict::warning, "clock", "it is not synchronised",
              "install chrony, or look at timedatectl: tokens of peers are refused when clocks are a minute apart"};
    case clock_state::unknown:
      break;
  }
  return {verdict::warning, "clock", "the kernel does not tell its state", "look at timedatectl"};
}

finding judge_room(const std::string& directory, std::uintmax_t available) {
  const std::string text = directory + " has room for " + std::to_string(available >> 20U) + " MiB";
  if (available < room_needed) return {verdict::failure, "disk", text, "make room there"};
  if (available < room_wished) return {verdict::warning, "disk", text, "make room there"};
  return {verdict::good, "disk", text};
}

finding judge_certificate(std::optional<std::chrono::system_clock::time_point> expiry, const std::string& where, const std::string& remedy,
                          std::chrono::system_clock::time_point now) {
  if (!expiry) return {verdict::failure, "certificates", where + " is no PEM certificate", remedy};
  const auto days = std::chrono::duration_cast<std::chrono::hours>(*expiry - now).count() / 24;
  if (*expiry <= now) return {verdict::failure, "certificates", where + " has expired", remedy};
  const std::string text = where + " is good for " + std::to_string(days) + " days";
  if (*expiry < now + certificate_wished) return {verdict::warning, "certificates", text, remedy};
  return {verdict::good, "certificates", text};
}

findings judge_server(const server_facts& seen) {
  findings all;
  if (seen.version < least_server_version) all.push_back({verdict::failure, "database", "PostgreSQL is older than 15", "upgrade it"});
  if (seen.is_standby)
    all.push_back({verdict::failure, "database", "the server is a standby and takes no writes", "let database.url name the primary"});
  if (!seen.keeps_what_it_commits)
    all.push_back({verdict::failure, "database", "fsync is off: a crash of the machine loses money", "set fsync = on in postgresql.conf"});
  // The server's time lies between the two of ours, give or take the difference of the clocks.
  if (seen.time < seen.before - clock_difference_most || seen.time > seen.after + clock_difference_most)
    all.push_back({verdict::failure, "clock", "the database's clock and this machine's are more than a second apart", "synchronise both (chrony)"});
  return all;
}

}  // namespace tollgate::gateway::doctor
