#include "profile/continuous/profile_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace nanospan::profile {
namespace {

using nanospan::testing::contents;
using nanospan::testing::TemporaryFolder;

constexpr base::UnixNanos kBegan = 1'700'000'000 * base::kNanosPerSecond;  // 2023-11-14 22:13:20 UTC

std::string name_of(const std::string& time, const std::string& kind) {
  return time + "-" + std::to_string(getpid()) + "-" + kind + ".pb.gz";
}

ProfileFiles open(const TemporaryFolder& folder, std::uint64_t bytes_max) {
  Result<ProfileFiles> files = ProfileFiles::open({folder.path().string(), bytes_max});
  EXPECT_TRUE(files.ok());
  return std::move(files).value();
}

TEST(ProfileFiles, AFileIsNamedByItsTimeProcessAndKind) {
  const TemporaryFolder folder;
  ProfileFiles files = open(folder, 1000);
  ASSERT_TRUE(files.write("cpu", kBegan, "profile").ok());
  EXPECT_EQ(folder.files(), 1u) << "nothing but the whole file";
  EXPECT_EQ(contents(folder / name_of("20231114T221320Z", "cpu")), "profile");
  EXPECT_EQ(files.counters().written, 1u);
}

TEST(ProfileFiles, TheFolderIsMade) {
  const TemporaryFolder folder;
  const auto files = ProfileFiles::open({folder / "a/b", 1000});
  EXPECT_TRUE(files.ok());
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a/b"));
}

TEST(ProfileFiles, TheOldestGoWhereTheBytesRunOut) {
  const TemporaryFolder folder;
  ProfileFiles files = open(folder, 100);
  for (std::uint64_t minute = 0; minute < 10; ++minute) {
    const base::UnixNanos began = kBegan + minute * 60 * base::kNanosPerSecond;
    ASSERT_TRUE(files.write("cpu", began, std::string(30, 'c')).ok());
    EXPECT_LE(folder.bytes(), 100u);
  }
  EXPECT_EQ(folder.files(), 3u);
  EXPECT_TRUE(std::filesystem::exists(folder / name_of("20231114T222220Z", "cpu"))) << "the newest stay";
  EXPECT_TRUE(std::filesystem::exists(folder / name_of("20231114T222020Z", "cpu")));
  EXPECT_EQ(files.counters().removed, 7u);
}

TEST(ProfileFiles, EarlierProcessesCountAndOthersFilesAreLeftAlone) {
  const TemporaryFolder folder;
  for (const char* name : {"20200101T000000Z-1-cpu.pb.gz", "20200102T000000Z-1-heap.pb.gz.part", "notes.txt",
                           "20200101-report.pb.gz", "2020010XT000000Z-1-cpu.pb.gz"}) {
    std::ofstream(folder / name) << std::string(60, 'x');
  }
  ProfileFiles files = open(folder, 100);
  ASSERT_TRUE(files.write("cpu", kBegan, std::string(60, 'c')).ok());
  EXPECT_EQ(files.counters().removed, 2u) << "a whole one, and one that a crash left behind";
  EXPECT_EQ(folder.files(), 4u);
}

TEST(ProfileFiles, AnotherProcessOfTheSameNumberKeepsItsFile) {
  const TemporaryFolder folder;
  ProfileFiles one = open(folder, 1000);
  ProfileFiles other = open(folder, 1000);
  ASSERT_TRUE(one.write("cpu", kBegan, "one").ok());
  ASSERT_TRUE(other.write("cpu", kBegan, "other").ok());
  const std::string second = "20231114T221320Z-" + std::to_string(getpid()) + ".2-cpu.pb.gz";
  EXPECT_EQ(contents(folder / name_of("20231114T221320Z", "cpu")), "one");
  EXPECT_EQ(contents(folder / second), "other");
  const std::string being_written = name_of("20231114T221320Z", "heap") + ".part";
  std::ofstream(folder / being_written) << "half";
  ASSERT_TRUE(one.write("heap", kBegan, "one").ok());
  EXPECT_EQ(contents(folder / being_written), "half");
  EXPECT_EQ(folder.files(), 4u) << "two of cpu, two of heap";
}

/// In a folder where everybody may write and each removes their own files only, as /tmp is; as somebody else than who
/// began.
class OthersFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root may be somebody else";
    ASSERT_EQ(chmod(folder_.path().c_str(), 01777), 0);
    std::ofstream(folder_ / "20200101T000000Z-1-cpu.pb.gz") << std::string(60, 'x');
    ASSERT_EQ(seteuid(65534), 0);
    if (euidaccess(folder_.path().c_str(), W_OK | X_OK) != 0) GTEST_SKIP() << "others do not reach " << folder_.path();
  }
  void TearDown() override { EXPECT_EQ(seteuid(getuid()), 0); }

  const TemporaryFolder folder_;
};

TEST_F(OthersFiles, WhatCannotBeRemovedStillCountsAndIsSaid) {
  ProfileFiles files = open(folder_, 100);
  const Status none = files.write("cpu", kBegan, std::string(60, 'c'));
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().message,
            "making room: removing " + (folder_ / "20200101T000000Z-1-cpu.pb.gz") + ": Operation not permitted");
  EXPECT_EQ(folder_.bytes(), 60u) << "the bound holds";
  ASSERT_TRUE(files.write("cpu", kBegan, std::string(40, 'c')).ok());
  const Status instead = files.write("heap", kBegan, std::string(30, 'h'));
  EXPECT_FALSE(instead.ok()) << "the oldest stays, and that is said";
  EXPECT_EQ(contents(folder_ / name_of("20231114T221320Z", "heap")), std::string(30, 'h'))
      << "the next oldest has made room";
  EXPECT_EQ(files.counters().written, 2u);
  EXPECT_EQ(files.counters().failed, 1u);
  EXPECT_EQ(files.counters().removed, 1u);
}

TEST(ProfileFiles, WhatCannotBeWrittenIsAnErrorAndCounted) {
  const TemporaryFolder folder;
  ProfileFiles files = open(folder, 100);
  const Status too_large = files.write("cpu", kBegan, std::string(101, 'c'));
  ASSERT_FALSE(too_large.ok());
  EXPECT_EQ(too_large.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(too_large.error().message, "a profile has 101 bytes; all files together may have 100");
  std::filesystem::remove(folder.path());
  EXPECT_EQ(files.write("cpu", kBegan, "profile").error().code, ErrorCode::kSystem);
  EXPECT_EQ(files.counters().failed, 2u);
  std::filesystem::create_directory(folder.path());
  EXPECT_TRUE(files.write("cpu", kBegan, "profile").ok()) << "and again";
}

TEST(ProfileFiles, AFolderThatCannotBeMadeIsSaid) {
  const auto files = ProfileFiles::open({"/dev/null/profiles", 100});
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.error().message, "making the folder /dev/null/profiles: Not a directory");
}

}  // namespace
}  // namespace nanospan::profile
