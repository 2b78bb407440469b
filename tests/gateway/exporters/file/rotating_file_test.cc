// Whole records, a bounded total, and a disk that refuses.
#include "gateway/exporters/file/rotating_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "tests/support/fake_clock.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::gateway {
namespace {

using nanospan::testing::contents;

/// While it lives, files of this process cannot grow beyond `bytes`: write() answers EFBIG, as ENOSPC would come from a
/// full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

class RotatingFileTest : public ::testing::Test {
 protected:
  RotatingFileOptions options() {
    RotatingFileOptions options;
    options.path = folder_ / "traces.jsonl";
    return options;
  }
  nanospan::testing::TemporaryFolder folder_;
  nanospan::testing::FakeClock clock_;
};

TEST_F(RotatingFileTest, AppendsAndGoesOnAfterARestart) {
  for (const char* record : {"a\n", "b\n"}) {
    RotatingFile file(options(), clock_);
    ASSERT_TRUE(file.open().ok());
    ASSERT_TRUE(file.append(record).ok());
  }
  EXPECT_EQ(contents(folder_ / "traces.jsonl"), "a\nb\n");
}

// What was acknowledged before a crash must outlive the restart, also with the Collector's default of append: false.
TEST_F(RotatingFileTest, WithoutAppendItBeginsAnewAndSetsTheOldFileAside) {
  RotatingFileOptions anew = options();
  anew.append = false;
  for (const char* record : {"a\n", "b\nhalf", "c\n"}) {  // the second crashes in the middle of a record
    RotatingFile file(anew, clock_);
    ASSERT_TRUE(file.open().ok());
    ASSERT_TRUE(file.append(record).ok());
    const std::string before = *record == 'b' ? "a\n" : *record == 'c' ? "b\n" : "";
    EXPECT_EQ(contents(file.set_aside()), before);
    clock_.advance(base::kNanosPerSecond);
  }
  EXPECT_EQ(contents(folder_ / "traces.jsonl"), "c\n");
  EXPECT_EQ(folder_.files(), 3u);
}

TEST_F(RotatingFileTest, WithoutAppendAForeignFileIsRefusedToo) {
  std::ofstream(folder_ / "traces.jsonl") << "# README\n";
  RotatingFileOptions anew = options();
  anew.append = false;
  anew.first_byte = '{';
  RotatingFile file(anew, clock_);
  const Status opened = file.open();
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("holds something else"), std::string::npos) << opened.error().message;
  EXPECT_EQ(contents(folder_ / "traces.jsonl"), "# README\n");
  EXPECT_EQ(folder_.files(), 1u);
}

TEST_F(RotatingFileTest, RotatesAndNeverHoldsMoreThanItsBound) {
  RotatingFileOptions rotating = options();
  rotating.rotate = true;
  rotating.bytes_max = 100;
  rotating.backups_max = 3;
  RotatingFile file(rotating, clock_);
  ASSERT_TRUE(file.open().ok());
  for (int i = 0; i < 200; ++i) {  // All within one millisecond: names must not collide.
    ASSERT_TRUE(file.append(std::string(29, 'x') + "\n").ok());
    ASSERT_LE(folder_.bytes(), 400u);
  }
  EXPECT_EQ(folder_.files(), 4u);
  EXPECT_EQ(file.removed_files(), 63u);
  EXPECT_EQ(file.removed_bytes(), 63u * 90);
  EXPECT_FALSE(contents(folder_ / "traces-2023-11-14T22-13-20.065.jsonl").empty());
}

TEST_F(RotatingFileTest, OldFilesGoAfterTheirDays) {
  RotatingFileOptions rotating = options();
  rotating.rotate = true;
  rotating.bytes_max = 10;
  rotating.days_max = 2;
  RotatingFile file(rotating, clock_);
  ASSERT_TRUE(file.open().ok());
  for (int day = 0; day < 5; ++day) {
    ASSERT_TRUE(file.append("123456789\n").ok());
    clock_.advance(24 * 3600 * base::kNanosPerSecond);
  }
  EXPECT_EQ(folder_.files(), 4u);  // The present one, and those of today, yesterday and the day before.
}

TEST_F(RotatingFileTest, ARecordLargerThanAFileIsRefusedForGood) {
  RotatingFileOptions rotating = options();
  rotating.rotate = true;
  rotating.bytes_max = 10;
  RotatingFile file(rotating, clock_);
  ASSERT_TRUE(file.open().ok());
  EXPECT_EQ(file.append("12345678901\n").error().code, ErrorCode::kResourceExhausted);
}

TEST_F(RotatingFileTest, AFullDiskLeavesNoTornRecordAndIsSurvived) {
  RotatingFile file(options(), clock_);
  ASSERT_TRUE(file.open().ok());
  ASSERT_TRUE(file.append("first\n").ok());
  {
    const FileSizeLimit full(10);
    const Status refused = file.append("second\n");  // 4 of 7 bytes fit
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kSystem);
    EXPECT_NE(refused.error().message.find("File too large"), std::string::npos) << refused.error().message;
    EXPECT_EQ(contents(folder_ / "traces.jsonl"), "first\n");
    EXPECT_EQ(file.torn_records(), 1u);
    EXPECT_EQ(file.torn_bytes(), 4u);
    EXPECT_FALSE(file.append("third\n").ok());
  }
  ASSERT_TRUE(file.append("second\n").ok());
  EXPECT_EQ(contents(folder_ / "traces.jsonl"), "first\nsecond\n");
}

TEST_F(RotatingFileTest, ATornLineOfACrashIsCutOff) {
  const std::string whole = "{\"a\":1}\n" + std::string(200'000, 'x') + "\n";
  for (const std::string& torn : {std::string("{\"torn\":"), std::string(70'000, 'y'), std::string(1000, '\0')}) {
    std::ofstream(folder_ / "traces.jsonl") << whole << torn;
    RotatingFile file(options(), clock_);
    ASSERT_TRUE(file.open().ok());
    EXPECT_EQ(contents(folder_ / "traces.jsonl"), whole);
    EXPECT_EQ(file.torn_records(), 1u);
    EXPECT_EQ(file.torn_bytes(), torn.size());
    ASSERT_TRUE(file.append("{}\n").ok());
    EXPECT_EQ(contents(folder_ / "traces.jsonl"), whole + "{}\n");
  }
  std::ofstream(folder_ / "traces.jsonl") << "{\"torn\":";  // the very first
  RotatingFile file(options(), clock_);
  ASSERT_TRUE(file.open().ok());
  EXPECT_EQ(contents(folder_ / "traces.jsonl"), "");
}

// 4 bytes of length, big endian, then as many bytes.
TEST_F(RotatingFileTest, ATornLengthPrefixedRecordIsCutOff) {
  RotatingFileOptions prefixed = options();
  prefixed.form = RecordForm::kLengthPrefixed;
  prefixed.first_byte = '\x0A';
  const std::string a("\0\0\0\3\x0A\1\0", 7), b = std::string("\0\0\1\0\x0A", 5) + std::string(255, 'z');
  const std::string whole = a + b + a;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    std::ofstream(folder_ / "traces.jsonl") << whole.substr(0, size);
    RotatingFile file(prefixed, clock_);
    ASSERT_TRUE(file.open().ok()) << size;
    const std::size_t kept = size < 7 ? 0 : size < 267 ? 7 : size < 274 ? 267 : 274;
    EXPECT_EQ(contents(folder_ / "traces.jsonl"), whole.substr(0, kept)) << size;
    EXPECT_EQ(file.torn_bytes(), size - kept);
    EXPECT_EQ(file.torn_records(), size == kept ? 0u : 1u);
    ASSERT_TRUE(file.append(a).ok());
    EXPECT_EQ(contents(folder_ / "traces.jsonl"), whole.substr(0, kept) + a);
  }
  std::ofstream(folder_ / "traces.jsonl") << whole << std::string(4096, '\0');  // A size that survived its bytes.
  RotatingFile file(prefixed, clock_);
  ASSERT_TRUE(file.open().ok());
  EXPECT_EQ(contents(folder_ / "traces.jsonl"), whole);
}

TEST_F(RotatingFileTest, AFileOfAnotherFormIsNotTouched) {
  RotatingFileOptions lines = options(), prefixed = options();
  lines.first_byte = '{';
  prefixed.form = RecordForm::kLengthPrefixed;
  prefixed.first_byte = '\x0A';
  const std::string json = "{\"resourceSpans\":[]}\n", proto("\0\0\0\3\x0A\1\0", 7);
  std::ofstream(folder_ / "traces.jsonl") << json;
  EXPECT_EQ(RotatingFile(prefixed, clock_).open().error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(contents(folder_ / "traces.jsonl"), json);
  std::ofstream(folder_ / "traces.jsonl") << proto;
  EXPECT_EQ(RotatingFile(lines, clock_).open().error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(contents(folder_ / "traces.jsonl"), proto);
}

TEST_F(RotatingFileTest, TwoWritersAreRefused) {
  RotatingFile first(options(), clock_), second(options(), clock_);
  ASSERT_TRUE(first.open().ok());
  EXPECT_EQ(second.open().error().code, ErrorCode::kAlreadyExists);
}

TEST_F(RotatingFileTest, DirectoriesAreMadeOnRequestOnly) {
  RotatingFileOptions deep = options();
  deep.path = folder_ / "a/b/t.jsonl";
  EXPECT_NE(RotatingFile(deep, clock_).open().error().message.find("No such file or directory"), std::string::npos);
  deep.create_directory = true;
  EXPECT_TRUE(RotatingFile(deep, clock_).open().ok());
}

}  // namespace
}  // namespace nanospan::gateway
