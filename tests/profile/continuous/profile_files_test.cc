#include "profile/continuous/profile_files.h"

#include <gtest/gtest.h>
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
