// SPDX-License-Identifier: Apache-2.0
// A log that gathers lines and writes them when it is told to flush, or has a buffer full: spdlog's own for standard error writes, and
// waits for, each.
#pragma once

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <system_error>

#include <spdlog/sinks/base_sink.h>

namespace tollgate::gateway::logging {

class stream_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  /// Throws std::system_error if the descriptor is none. It stays open; others may write to it.
  explicit stream_sink(int descriptor) {
    const int own = ::dup(descriptor);
    stream_ = own < 0 ? nullptr : ::fdopen(own, "w");
    if (stream_ == nullptr) throw std::system_error(errno, std::generic_category(), "the log");
    std::setvbuf(stream_, buffer_.data(), _IOFBF, buffer_.size());
  }
  ~stream_sink() override { std::fclose(stream_); }
  stream_sink(const stream_sink&) = delete;
  stream_sink& operator=(const stream_sink&) = delete;

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    std::fwrite(line.data(), 1, line.size(), stream_);
  }
  void flush_() override { std::fflush(stream_); }

 private:
  std::FILE* stream_ = nullptr;
  std::array<char, 64 << 10> buffer_{};
};

/// The logger of lines that come with every request to the API: they are written within a second, or with the next line of another
/// kind. Where none of this name is registered, the default one is used.
inline constexpr const char* request_logger = "requests";

}  // namespace tollgate::gateway::logging
