// SPDX-License-Identifier: Apache-2.0
// The text that Prometheus reads, and what the process tells of itself.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "gateway/metrics/duration_histogram.hpp"
#include "gateway/metrics/exposition.hpp"
#include "gateway/metrics/process_status.hpp"

namespace tollgate::gateway::metrics {
namespace {

using namespace std::chrono_literals;

TEST(Metrics, AHistogramCountsUpToEachBound) {
  duration_histogram of;
  for (const auto took : {400us, 500us, 501us, 90'000us, 20'000'000us})
    of.take(took);
  std::string text;
  family(text, "wait_seconds", "histogram", "Waited.").put(label("route", "a\"b\\c\nd"), of);
  EXPECT_TRUE(text.starts_with("# HELP tollgate_wait_seconds Waited.\n# TYPE tollgate_wait_seconds histogram\n")) << text;
  const std::string who = R"(route="a\"b\\c\nd")";
  for (const char* const line : {R"(,le="0.0005"} 2)", R"(,le="0.001"} 3)", R"(,le="0.025"} 3)", R"(,le="0.1"} 4)", R"(,le="10"} 4)", R"(,le="+Inf"} 5)"})
    EXPECT_NE(text.find("tollgate_wait_seconds_bucket{" + who + line + "\n"), std::string::npos) << line << "\n" << text;
  EXPECT_NE(text.find("tollgate_wait_seconds_sum{" + who + "} 20.091401\n"), std::string::npos) << text;
  EXPECT_NE(text.find("tollgate_wait_seconds_count{" + who + "} 5\n"), std::string::npos) << text;
}

TEST(Metrics, OneWithoutLabelsHasNoBraces) {
  std::string text;
  family(text, "wait_seconds", "histogram", "Waited.").put("", duration_histogram{});
  EXPECT_NE(text.find("tollgate_wait_seconds_bucket{le=\"+Inf\"} 0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("tollgate_wait_seconds_count 0\n"), std::string::npos) << text;
  text.clear();
  put_metric(text, "calls", "gauge", "Calls.", std::uint64_t{3});
  EXPECT_EQ(text, "# HELP tollgate_calls Calls.\n# TYPE tollgate_calls gauge\ntollgate_calls 3\n");
}

TEST(Metrics, MicrosecondsAreToldInSeconds) {
  EXPECT_EQ(seconds_text(0), "0");
  EXPECT_EQ(seconds_text(2'500), "0.0025");
  EXPECT_EQ(seconds_text(12'000'001), "12.000001");
}

TEST(Metrics, TheProcessTellsWhatItHolds) {
  const auto before = read_process_status();
  ASSERT_TRUE(before);
  std::vector<int> files;
  for (int i = 0; i < 20; ++i)
    files.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const std::vector<char> memory(64 << 20, 'x');
  const auto after = read_process_status();
  for (const int each : files)
    ::close(each);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->open_files, before->open_files + 20);
  EXPECT_GE(after->open_files_limit, after->open_files);
  EXPECT_GE(after->resident_bytes, before->resident_bytes + (memory.size() / 2));
  EXPECT_GT(after->cpu_us, before->cpu_us);
  EXPECT_GE(after->threads, 1U);
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_LE(after->started_at, now + 1);
  EXPECT_GT(after->started_at, now - 3'600);
  EXPECT_NEAR(after->started_at, before->started_at, 0.05) << "it does not move";
}

}  // namespace
}  // namespace tollgate::gateway::metrics
