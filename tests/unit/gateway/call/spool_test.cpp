// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/spool.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

namespace tollgate::gateway::call {
namespace {

class Spool : public ::testing::Test {
 protected:
  Spool() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tollgate-spool-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~Spool() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(Spool, KeepsRecordsAcrossRestartsInOrder) {
  ASSERT_TRUE(spool(folder_).put("0002", "second\nwith a line"));
  ASSERT_TRUE(spool(folder_).put("0001", "first"));
  const auto records = spool(folder_).list();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].content, "first");
  EXPECT_EQ(records[1].content, "second\nwith a line");
}

TEST_F(Spool, WhatAKilledProcessHadOnlyBegunToWriteGoesAtTheNextStart) {
  ASSERT_TRUE(spool(folder_).put("a", "whole"));
  std::ofstream(folder_ / "b.part") << "half of it";
  const spool s(folder_);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "b.part"));
  EXPECT_EQ(s.list().size(), 1u);
}

TEST_F(Spool, TellsBeforehandWhetherARecordHasRoom) {
  const spool s(folder_);
  EXPECT_TRUE(s.probe(1000));
  EXPECT_EQ(s.probe(std::uint64_t{1} << 62).error(), boost::system::errc::no_space_on_device);
  EXPECT_TRUE(std::filesystem::is_empty(folder_)) << "it leaves nothing";
  std::filesystem::remove_all(folder_);
  EXPECT_FALSE(s.probe(1));
  std::ofstream(folder_.string()) << "no folder";
  EXPECT_FALSE(s.probe(1));
}

TEST_F(Spool, RemovedRecordIsGone) {
  const spool s(folder_);
  ASSERT_TRUE(s.put("a", "x"));
  s.remove("a");
  EXPECT_TRUE(s.list().empty());
}

TEST_F(Spool, KnowsHowManyThereAreWithoutALookAtTheDisk) {
  {
    const spool earlier(folder_);
    ASSERT_TRUE(earlier.put("a", "of an earlier run"));
  }
  const spool s(folder_);
  EXPECT_EQ(s.count(), 1u);
  ASSERT_TRUE(s.put("b", "x"));
  ASSERT_TRUE(s.put("b", "the same again"));
  EXPECT_EQ(s.count(), 2u);
  s.set_aside("a");
  s.remove("a");
  EXPECT_EQ(s.count(), 1u);
  std::filesystem::remove(folder_ / "b.record");
  EXPECT_EQ(s.count(), 1u) << "what somebody else removes";
  EXPECT_TRUE(s.list().empty());
  EXPECT_EQ(s.count(), 0u) << "is seen by the next list";
}

TEST_F(Spool, DamagedRecordIsSetAsideNotDeleted) {
  const spool s(folder_);
  ASSERT_TRUE(s.put("a", "money"));
  std::ofstream(folder_ / "a.record", std::ios::app) << "!";
  EXPECT_TRUE(s.list().empty());
  EXPECT_TRUE(std::filesystem::exists(folder_ / "a.damaged"));
}

TEST_F(Spool, WhatTheDiskHasNoRoomForIsRefusedAndTakesUpNone) {
  const spool s(folder_);
  ASSERT_TRUE(s.put("a", "kept"));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit narrow{
      1000, before.rlim_max};  // a file may not grow beyond: the write stops half-way, as on a full disk
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &narrow), 0);
  const auto put = s.put("b", std::string(5000, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_FALSE(put);
  EXPECT_EQ(s.list().size(), 1U);
  const std::filesystem::directory_iterator files(folder_);
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "no half of it is left";
  EXPECT_TRUE(s.put("b", std::string(5000, 'x')));
}

TEST_F(Spool, HalfWrittenRecordIsNotListed) {
  std::ofstream(folder_ / "b.part") << "half";
  EXPECT_TRUE(spool(folder_).list().empty());
}

}  // namespace
}  // namespace tollgate::gateway::call
