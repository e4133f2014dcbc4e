// SPDX-License-Identifier: Apache-2.0
#include "gateway/metrics/process_status.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

namespace tollgate::gateway::metrics {
namespace {

// Fields of /proc/self/stat behind the name, which may hold blanks and brackets; the first is field 3.
constexpr std::size_t field_threads = 17, field_start = 19, field_virtual = 20, field_resident = 21;

std::uint64_t count_open_files() {
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  std::uint64_t found = 0;
  while (::readdir(folder) != nullptr)
    ++found;
  ::closedir(folder);
  return found > 3 ? found - 3 : 0;  // ".", "..", and this one
}

double now_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double now_since_1970() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::uint64_t cpu_time_us() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(used.tv_nsec) / 1'000;
}

}  // namespace

std::optional<process_status> read_process_status() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line) || line.rfind(')') == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(line.rfind(')') + 1));
  std::array<std::uint64_t, field_resident + 1> fields{};
  std::string word;
  for (std::size_t i = 0; i < fields.size() && rest >> word; ++i)
    if (word.find_first_not_of("0123456789") == std::string::npos) fields[i] = std::stoull(word);
  process_status out;
  out.cpu_us = cpu_time_us();
  out.threads = fields[field_threads];
  out.virtual_bytes = fields[field_virtual];
  out.resident_bytes = fields[field_resident] * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  out.open_files = count_open_files();
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0)
    out.open_files_limit = files.rlim_cur == RLIM_INFINITY ? std::numeric_limits<std::uint64_t>::max() : files.rlim_cur;
  const double running = now_since_boot() - static_cast<double>(fields[field_start]) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  out.started_at = now_since_1970() - running;
  return out;
}

}  // namespace tollgate::gateway::metrics
