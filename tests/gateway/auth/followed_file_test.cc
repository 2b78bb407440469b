// A file is looked at once a second, and only changes are told.
#include "gateway/auth/followed_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/fake_clock.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::gateway {
namespace {

class FollowedFileTest : public ::testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(folder_ / "f") << text; }
  void wait() { clock_.advance(base::kNanosPerSecond); }

  nanospan::testing::TemporaryFolder folder_;
  nanospan::testing::FakeClock clock_;
  FollowedFile file_{folder_ / "f", clock_};
};

TEST_F(FollowedFileTest, OnlyChangesAreTold) {
  write("one");
  EXPECT_EQ(*file_.read(), "one");
  wait();
  EXPECT_FALSE(file_.look());
  write("two");
  EXPECT_FALSE(file_.look()) << "not due yet";
  wait();
  EXPECT_EQ(**file_.look(), "two");
  wait();
  EXPECT_FALSE(file_.look());
}

TEST_F(FollowedFileTest, ASymbolicLinkIsFollowedToItsNewTarget) {
  std::ofstream(folder_ / "a") << "one";
  std::ofstream(folder_ / "b") << "two";
  std::filesystem::create_symlink(folder_ / "a", folder_ / "f");
  EXPECT_EQ(*file_.read(), "one");
  std::filesystem::create_symlink(folder_ / "b", folder_ / "new");
  std::filesystem::rename(folder_ / "new", folder_ / "f");
  wait();
  EXPECT_EQ(**file_.look(), "two");
}

TEST_F(FollowedFileTest, WhatCannotBeReadIsNamed) {
  EXPECT_EQ(file_.read().error().message, "\"" + (folder_ / "f") + "\" cannot be opened: No such file or directory");
  write("one");
  wait();
  EXPECT_EQ(**file_.look(), "one");
  std::filesystem::remove(folder_ / "f");
  wait();
  EXPECT_FALSE(file_.look()->ok());
  write("one");
  wait();
  EXPECT_FALSE(file_.look()) << "it is what it was";
  write(std::string(FollowedFile::kBytesMax + 1, 'x'));
  wait();
  EXPECT_EQ(file_.look()->error().message, "\"" + (folder_ / "f") + "\" is larger than 1 MiB; is it the right file?");
}

}  // namespace
}  // namespace nanospan::gateway
