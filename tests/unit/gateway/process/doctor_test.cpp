// SPDX-License-Identifier: Apache-2.0
// What the doctor says of machines on which something is wrong, and what to do about it.
#include "gateway/doctor_judgement.hpp"

#include <gmock/gmock.h>

namespace tollgate::gateway::doctor {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

MATCHER_P3(Says, as, text, remedy, "") {
  return arg.as == as && testing::Value(arg.text, HasSubstr(text)) &&
         (std::string_view(remedy).empty() ? arg.remedy.empty() : testing::Value(arg.remedy, HasSubstr(remedy)));
}

TEST(Doctor, AClockThatDriftsIsToBeSynchronised) {
  EXPECT_THAT(judge_clock(clock_state::synchronised), Says(verdict::good, "is synchronised", ""));
  EXPECT_THAT(judge_clock(clock_state::adrift), Says(verdict::warning, "not synchronised", "install chrony"));
  EXPECT_THAT(judge_clock(clock_state::unknown), Says(verdict::warning, "does not tell", "timedatectl"));
}

TEST(Doctor, ADiskThatIsNearlyFullNeedsRoom) {
  EXPECT_THAT(judge_room("/state", 2048ULL << 20), Says(verdict::good, "/state has room for 2048 MiB", ""));
  EXPECT_THAT(judge_room("/state", 1023ULL << 20), Says(verdict::warning, "1023 MiB", "make room"));
  EXPECT_THAT(judge_room("/state", 99ULL << 20), Says(verdict::failure, "99 MiB", "make room"));
  EXPECT_THAT(judge_room("/state", 0), Says(verdict::failure, "0 MiB", "make room"));
}

TEST(Doctor, ACertificateThatEndsSoonIsToBeRenewed) {
  const auto now = std::chrono::system_clock::time_point(1'800'000'000s);
  const auto judged = [&](auto left) { return judge_certificate(now + left, "server.crt", "renew it", now); };
  EXPECT_THAT(judged(24h * 31), Says(verdict::good, "server.crt is good for 31 days", ""));
  EXPECT_THAT(judged(24h * 29), Says(verdict::warning, "29 days", "renew it"));
  EXPECT_THAT(judged(0h), Says(verdict::failure, "has expired", "renew it"));
  EXPECT_THAT(judge_certificate(std::nullopt, "server.crt", "renew it", now), Says(verdict::failure, "no PEM certificate", "renew it"));
}

TEST(Doctor, ADatabaseThatLosesOrRefusesWhatItIsGivenIsNone) {
  const server_facts good{.version = 150'004, .time = 100.5s, .before = 100s, .after = 101s};
  EXPECT_THAT(judge_server(good), IsEmpty());
  const auto only = [&](auto change) {
    server_facts seen = good;
    change(seen);
    const findings all = judge_server(seen);
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? finding{} : all.front();
  };
  EXPECT_THAT(only([](auto& of) { of.version = 140'011; }), Says(verdict::failure, "older than 15", "upgrade"));
  EXPECT_THAT(only([](auto& of) { of.is_standby = true; }), Says(verdict::failure, "standby", "name the primary"));
  EXPECT_THAT(only([](auto& of) { of.keeps_what_it_commits = false; }), Says(verdict::failure, "fsync is off", "fsync = on"));
  for (const auto theirs : {98.9, 102.1}) {
    const finding clock = only([&](auto& of) { of.time = std::chrono::duration<double>(theirs); });
    EXPECT_THAT(clock, Says(verdict::failure, "more than a second apart", "chrony"));
    EXPECT_EQ(clock.what, "clock");
  }
  EXPECT_THAT(judge_server({.version = 150'004, .time = 99.1s, .before = 100s, .after = 101s}), IsEmpty()) << "within the second";
}

}  // namespace
}  // namespace tollgate::gateway::doctor
