// SPDX-License-Identifier: Apache-2.0
// Lines that are gathered, and when they are written.
#include "gateway/logging/stream_sink.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

namespace tollgate::gateway::logging {
namespace {

class StreamSink : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::pipe2(ends_.data(), O_NONBLOCK | O_CLOEXEC), 0);
    sink_ = std::make_shared<stream_sink>(ends_[1]);
  }
  void TearDown() override {
    sink_.reset();
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  // What has been written since.
  std::string written() {
    std::string out;
    std::array<char, 4096> piece{};
    for (ssize_t size = 0; (size = ::read(ends_[0], piece.data(), piece.size())) > 0;)
      out.append(piece.data(), static_cast<std::size_t>(size));
    return out;
  }
  static long lines_in(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

  std::array<int, 2> ends_{};
  std::shared_ptr<stream_sink> sink_;
};

TEST_F(StreamSink, LinesAreWrittenTogether) {
  spdlog::logger all("", sink_);
  all.flush_on(spdlog::level::info);
  const auto requests = all.clone(request_logger);
  requests->flush_on(spdlog::level::warn);
  for (int i = 0; i < 10; ++i)
    requests->info("event=api_request");
  EXPECT_EQ(written(), "") << "no write for each request";
  all.info("event=call_ended");
  EXPECT_EQ(lines_in(written()), 11) << "in their order, with the first line that must not wait";
  requests->info("event=api_request");
  requests->flush();
  EXPECT_EQ(lines_in(written()), 1) << "and each second";
  requests->info("event=api_request");
  requests->warn("event=api_request status=500");
  EXPECT_EQ(lines_in(written()), 2) << "what is wrong, at once";
}

TEST_F(StreamSink, NothingIsLostAtTheEnd) {
  spdlog::logger all("", sink_);
  all.info("event=stopped");
  EXPECT_EQ(written(), "");
  sink_.reset();
  all.sinks().clear();
  EXPECT_EQ(lines_in(written()), 1);
}

}  // namespace
}  // namespace tollgate::gateway::logging
