// SPDX-License-Identifier: Apache-2.0
// `tollgate serve`: sets the log up and hands over to the composition root.
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <memory>

#include "gateway/application.hpp"
#include "gateway/command.hpp"
#include "gateway/logging/line_formatter.hpp"
#include "gateway/logging/stream_sink.hpp"

namespace tollgate::gateway {
namespace {

void set_log_up(const configuration& settings) {
  spdlog::sink_ptr sink;
  if (settings.log.file.empty())
    sink = std::make_shared<logging::stream_sink>(STDERR_FILENO);
  else
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(settings.log.file.string());
  auto logger = std::make_shared<spdlog::logger>("", std::move(sink));
  const auto format = settings.log.format == "json" ? logging::line_format::json : logging::line_format::logfmt;
  logger->set_formatter(std::make_unique<logging::line_formatter>(format));
  logger->set_level(spdlog::level::from_str(settings.log.level));
  logger->flush_on(spdlog::level::info);
  // A write for each request would hold up the thread of calls: these are gathered.
  auto requests = logger->clone(logging::request_logger);
  requests->flush_on(spdlog::level::warn);
  spdlog::register_logger(std::move(requests));
  spdlog::set_default_logger(std::move(logger));
  spdlog::flush_every(std::chrono::seconds(1));
}

// Sockets and files as many as the system lets us have: each call takes several, and the usual soft limit of 1024 is
// there for programs that use select().
void raise_open_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0) spdlog::warn("event=open_files_not_raised");
}

}  // namespace

int command_serve(const configuration& settings) {
  set_log_up(settings);
  raise_open_files();
  const int code = run(settings);
  spdlog::shutdown();
  return code == 0 ? exit_done : exit_failed;
}

}  // namespace tollgate::gateway
