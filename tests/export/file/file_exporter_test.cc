#include "export/file/file_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <nanospan/diagnostics.h>
#include <nanospan/tracer_provider.h>

#include "tests/support/fake_span_batch.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::exporters {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string kLine = "{\"resourceSpans\":[{}]}\n";  // of a batch with one empty ResourceSpans

class FileExporterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    set_error_handler([this](std::string_view, std::string_view message) { said_ += message; });
  }
  void TearDown() override { set_error_handler(nullptr); }
  std::unique_ptr<SpanExporter> make(std::uint64_t bytes_max = 1U << 20) {
    auto exporter = file_exporter({path_.string(), bytes_max});
    EXPECT_TRUE(exporter.ok()) << exporter.error().message;
    return std::move(exporter).value();
  }
  static std::string content(const fs::path& path) { return testing::contents(path); }

  const testing::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
  const fs::path path_ = folder_ / "traces.jsonl";
  std::string said_;
};

TEST_F(FileExporterTest, WritesOneJsonObjectALine) {
  const auto exporter = make();
  EXPECT_TRUE(exporter->export_spans(testing::FakeSpanBatch(1)).success);
  EXPECT_TRUE(exporter->export_spans(testing::FakeSpanBatch(1, {std::string("\x0A", 1), std::string(1, '\0')})).success)
      << "slices may break anywhere";
  EXPECT_EQ(content(path_), kLine + kLine);
}

TEST_F(FileExporterTest, AppendsToWhatIsThere) {
  std::ofstream(path_) << "before\n";
  EXPECT_TRUE(make()->export_spans(testing::FakeSpanBatch(1)).success);
  EXPECT_EQ(content(path_), "before\n" + kLine);
}

TEST_F(FileExporterTest, LineTornByACrashGetsItsNewline) {
  std::ofstream(path_) << "torn";
  EXPECT_TRUE(make()->export_spans(testing::FakeSpanBatch(1)).success);
  EXPECT_EQ(content(path_), "torn\n" + kLine);
}

TEST_F(FileExporterTest, RotatesByRenameAndStaysBounded) {
  const std::uint64_t two_lines = 2 * kLine.size();
  const auto exporter = make(two_lines);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(exporter->export_spans(testing::FakeSpanBatch(1)).success);
  EXPECT_EQ(content(path_), kLine);
  EXPECT_EQ(content(path_.string() + ".1"), kLine + kLine);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 2);
}

TEST_F(FileExporterTest, LineLargerThanTheFileIsCountedAsTooLarge) {
  const auto exporter = make(10);
  const ExportResult result = exporter->export_spans(testing::FakeSpanBatch(4));
  EXPECT_FALSE(result.success);
  EXPECT_EQ(result.reason, DropReason::kTooLarge);
  EXPECT_THAT(said_, HasSubstr("4 spans lost"));
  EXPECT_EQ(content(path_), "");
}

TEST_F(FileExporterTest, FileMovedAwayIsBegunAnew) {
  const auto exporter = make();
  EXPECT_TRUE(exporter->export_spans(testing::FakeSpanBatch(1)).success);
  fs::rename(path_, folder_ / "archived");
  EXPECT_TRUE(exporter->export_spans(testing::FakeSpanBatch(1)).success);
  EXPECT_EQ(content(path_), kLine);
  EXPECT_EQ(content(folder_ / "archived"), kLine);
}

TEST_F(FileExporterTest, FullDiskIsSurvivedAndNoLineIsTorn) {
  const auto exporter = make();
  EXPECT_TRUE(exporter->export_spans(testing::FakeSpanBatch(1)).success);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit little{kLine.size() + 5, before.rlim_max};  // room for five bytes of the next line
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
  const ExportResult result = exporter->export_spans(testing::FakeSpanBatch(9));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_FALSE(result.success);
  EXPECT_EQ(result.reason, DropReason::kExportFailed);
  EXPECT_THAT(said_, HasSubstr("9 spans lost: write"));
  EXPECT_EQ(content(path_), kLine);
  EXPECT_TRUE(exporter->export_spans(testing::FakeSpanBatch(1)).success) << "space is back";
  EXPECT_EQ(content(path_), kLine + kLine);
}

TEST_F(FileExporterTest, WhatItLosesUnderABatchProcessorIsSaidOnce) {
  TracerProviderOptions options;
  options.processors = {batch_processor(file_exporter({"/dev/full"}).value())};
  TracerProvider provider = TracerProvider::create(std::move(options)).value();
  provider.tracer({.name = "test"}).start_span("lost").end();
  provider.shutdown();
  EXPECT_EQ(said_, "1 span lost: write /dev/full: No space left on device");
}

TEST_F(FileExporterTest, DeviceWithoutSpaceIsSurvived) {
  auto exporter = file_exporter({"/dev/full"});
  ASSERT_TRUE(exporter.ok());
  EXPECT_FALSE((*exporter)->export_spans(testing::FakeSpanBatch(1)).success);
  EXPECT_THAT(said_, HasSubstr("No space left"));
}

TEST_F(FileExporterTest, AfterShutdownExportsFail) {
  const auto exporter = make();
  exporter->shutdown(1);
  EXPECT_EQ(exporter->export_spans(testing::FakeSpanBatch(1)).reason, DropReason::kShutdown);
}

TEST_F(FileExporterTest, RefusesWhatCannotBeMeant) {
  EXPECT_EQ(file_exporter({""}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(file_exporter({"a", 0}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(file_exporter({std::string("a\0b", 3)}).error().code, ErrorCode::kInvalidArgument);
  const auto nowhere = file_exporter({(folder_ / "no" / "such" / "folder").string()});
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().code, ErrorCode::kSystem);
  EXPECT_THAT(nowhere.error().message, HasSubstr("No such file"));
}

}  // namespace
}  // namespace nanospan::exporters
