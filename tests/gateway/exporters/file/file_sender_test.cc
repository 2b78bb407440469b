// Batches as lines and as length-prefixed protobuf; what a refusing disk means for the queue.
#include "gateway/exporters/file/file_sender.h"

#include <gtest/gtest.h>

#include "tests/gateway/config_text.h"
#include "tests/gateway/sample_traces.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::gateway {
namespace {

class FileSenderTest : public ::testing::Test {
 protected:
  FileSenderTest() { config_.file.path = folder_ / "t"; }
  SendResult send(FileSender& sender, const BatchRef& batch) {
    SendResult result;
    sender.send(batch, base::Deadline::never(), [&result](SendResult r) { result = std::move(r); });
    return result;
  }
  nanospan::testing::TemporaryFolder folder_;
  nanospan::testing::FakeClock clock_;
  MetricsRegistry metrics_;
  Log log_{clock_, LogLevel::kError, [](std::string_view) {}};
  FileExporterConfig config_;
};

TEST_F(FileSenderTest, JsonLines) {
  FileSender sender(config_, "file", clock_, metrics_, log_);
  ASSERT_TRUE(sender.start(nullptr).ok());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(send(sender, testing::sample_batch()).kind, SendResult::Kind::kSent);
  const std::string line =
      "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"30313233343536373839616263646566\",\"spanId\":"
      "\"3031323334353637\","
      "\"name\":\"checkout\",\"startTimeUnixNano\":\"1700000000000000000\",\"endTimeUnixNano\":\"1700000000001500000\"}"
      "]}]}]}\n";
  EXPECT_EQ(nanospan::testing::contents(folder_ / "t"), line + line);
}

TEST_F(FileSenderTest, MetricsAndLogsAreLinesOfTheirOwnSignal) {
  FileSender sender(config_, "file", clock_, metrics_, log_);
  ASSERT_TRUE(sender.start(nullptr).ok());
  EXPECT_EQ(send(sender, testing::sample_metrics()).kind, SendResult::Kind::kSent);
  EXPECT_EQ(send(sender, testing::sample_logs()).kind, SendResult::Kind::kSent);
  EXPECT_EQ(nanospan::testing::contents(folder_ / "t"),
            R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"orders","unit":"1",)"
            R"("gauge":{"dataPoints":[{}]}}]}]}]})"
            "\n"
            R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"ERROR",)"
            R"("body":{"stringValue":"it broke"}}]}]}]})"
            "\n");
  const SendResult profiles = send(sender, testing::batch_of(Signal::kProfiles, "", 1));
  EXPECT_EQ(profiles.kind, SendResult::Kind::kPermanent);
  EXPECT_EQ(profiles.message, "profiles cannot be written as JSON; write format: proto");
}

TEST_F(FileSenderTest, LengthPrefixedProtobuf) {
  config_.format = FileFormat::kProto;
  FileSender sender(config_, "file", clock_, metrics_, log_);
  ASSERT_TRUE(sender.start(nullptr).ok());
  const BatchRef batch = testing::sample_batch(5);
  EXPECT_EQ(send(sender, batch).kind, SendResult::Kind::kSent);
  std::string expected = {0, 0, static_cast<char>(batch->bytes().size() >> 8),
                          static_cast<char>(batch->bytes().size() & 0xFF)};
  EXPECT_EQ(nanospan::testing::contents(folder_ / "t"), expected.append(batch->bytes()));
}

TEST_F(FileSenderTest, CompressedRecordsAreFramesAfterTheirLength) {
  testing::ConfigText text("path: " + (folder_ / "t") + "\ncompression: zstd");
  const FileExporterConfig config = read_file_exporter_config(text.reader);
  if (config.codec == nullptr) GTEST_SKIP() << text.errors();
  FileSender sender(config, "file", clock_, metrics_, log_);
  ASSERT_TRUE(sender.start(nullptr).ok());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(send(sender, testing::sample_batch(5)).kind, SendResult::Kind::kSent);
  const std::string content = nanospan::testing::contents(folder_ / "t");
  const std::string_view record = std::string_view(content).substr(0, content.size() / 2);
  EXPECT_EQ(content.substr(content.size() / 2), record);
  EXPECT_EQ(static_cast<std::uint8_t>(record[3]), record.size() - 4);
  const std::string_view frame = record.substr(4);
  net::DecodeBuffer json(1 << 20);
  ASSERT_TRUE(config.codec->make_decoder()->decode({&frame, 1}, json).ok());
  EXPECT_EQ(json.take().view().substr(0, 29), "{\"resourceSpans\":[{\"scopeSpan");
}

TEST_F(FileSenderTest, OneThatTakesThePlaceOfAnotherGoesOnInItsFile) {
  FileSender before(config_, "file", clock_, metrics_, log_);
  ASSERT_TRUE(before.start(nullptr).ok());
  FileExporterConfig rotating = config_;
  rotating.file.rotate = true;
  rotating.file.bytes_max = 300;
  FileSender after(rotating, "file", clock_, metrics_, log_);
  ASSERT_TRUE(after.start(&before).ok());  // The file is locked, and stays so.
  send(before, testing::sample_batch());
  const std::string line = nanospan::testing::contents(folder_ / "t");
  send(before, testing::sample_batch());
  send(after, testing::sample_batch());
  EXPECT_EQ(nanospan::testing::contents(folder_ / "t"), line);  // It has its own bounds.
  FileExporterConfig proto = config_;
  proto.file.form = RecordForm::kLengthPrefixed;
  FileSender other_format(proto, "file", clock_, metrics_, log_);
  EXPECT_EQ(other_format.start(&after).error().message,
            (folder_ / "t") + " is being written in another format; give it another path");
}

TEST_F(FileSenderTest, ATornRecordIsCutOffAndCounted) {
  config_.file.append = true;
  std::ofstream(folder_ / "t") << "{\"whole\":1}\n{\"torn\":";
  FileSender sender(config_, "file", clock_, metrics_, log_);
  ASSERT_TRUE(sender.start(nullptr).ok());
  EXPECT_EQ(nanospan::testing::contents(folder_ / "t"), "{\"whole\":1}\n");
  EXPECT_NE(metrics_.render().find("nanospan_file_torn_records{exporter=\"file\"} 1\n"), std::string::npos);
  EXPECT_NE(metrics_.render().find("nanospan_file_torn_bytes{exporter=\"file\"} 8\n"), std::string::npos);
}

TEST_F(FileSenderTest, WhatCanNeverFitIsFinalAndTheRestIsRetried) {
  config_.file.rotate = true;
  config_.file.bytes_max = 100;
  FileSender sender(config_, "file", clock_, metrics_, log_);
  ASSERT_TRUE(sender.start(nullptr).ok());
  const SendResult too_large = send(sender, testing::sample_batch());
  EXPECT_EQ(too_large.kind, SendResult::Kind::kPermanent);
  EXPECT_EQ(too_large.reason, "record_too_large");
  FileExporterConfig elsewhere;
  elsewhere.file.path = "/dev/full";  // Every write answers ENOSPC.
  FileSender full(elsewhere, "file", clock_, metrics_, log_);
  const SendResult refused = send(full, testing::sample_batch());
  EXPECT_EQ(refused.kind, SendResult::Kind::kRetry);
  EXPECT_EQ(refused.reason, "disk");
  EXPECT_EQ(refused.message,
            "write /dev/full: No space left on device; it is tried again: free space there, or bound the "
            "file with rotation");
}

}  // namespace
}  // namespace nanospan::gateway
