// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/spool.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

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

TEST_F(Spool, RemovedRecordIsGone) {
  const spool s(folder_);
  ASSERT_TRUE(s.put("a", "x"));
  s.remove("a");
  EXPECT_TRUE(s.list().empty());
}

TEST_F(Spool, DamagedRecordIsSetAsideNotDeleted) {
  const spool s(folder_);
  ASSERT_TRUE(s.put("a", "money"));
  std::ofstream(folder_ / "a.record", std::ios::app) << "!";
  EXPECT_TRUE(s.list().empty());
  EXPECT_TRUE(std::filesystem::exists(folder_ / "a.damaged"));
}

TEST_F(Spool, HalfWrittenRecordIsNotListed) {
  std::ofstream(folder_ / "b.part") << "half";
  EXPECT_TRUE(spool(folder_).list().empty());
}

}  // namespace
}  // namespace tollgate::gateway::call
