// Batches as lines and as length-prefixed protobuf; what a refusing disk means for the queue.
#include "gateway/exporters/file/file_sender.h"

#include <gtest/gtest.h>

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
  FileExporterConfig config_;
};

TEST_F(FileSenderTest, JsonLines) {
  FileSender sender(config_, "file", clock_, metrics_);
  ASSERT_TRUE(sender.open().ok());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(send(sender, testing::sample_batch()).kind, SendResult::Kind::kSent);
  const std::string line =
      "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"30313233343536373839616263646566\",\"spanId\":"
      "\"3031323334353637\","
      "\"name\":\"checkout\",\"startTimeUnixNano\":\"1700000000000000000\",\"endTimeUnixNano\":\"1700000000001500000\"}"
      "]}]}]}\n";
  EXPECT_EQ(nanospan::testing::contents(folder_ / "t"), line + line);
}

TEST_F(FileSenderTest, MetricsAndLogsAreLinesOfTheirOwnSignal) {
  FileSender sender(config_, "file", clock_, metrics_);
  ASSERT_TRUE(sender.open().ok());
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
  FileSender sender(config_, "file", clock_, metrics_);
  ASSERT_TRUE(sender.open().ok());
  const BatchRef batch = testing::sample_batch(5);
  EXPECT_EQ(send(sender, batch).kind, SendResult::Kind::kSent);
  std::string expected = {0, 0, static_cast<char>(batch->bytes().size() >> 8),
                          static_cast<char>(batch->bytes().size() & 0xFF)};
  EXPECT_EQ(nanospan::testing::contents(folder_ / "t"), expected.append(batch->bytes()));
}

TEST_F(FileSenderTest, ATornRecordIsCutOffAndCounted) {
  config_.file.append = true;
  std::ofstream(folder_ / "t") << "{\"whole\":1}\n{\"torn\":";
  FileSender sender(config_, "file", clock_, metrics_);
  ASSERT_TRUE(sender.open().ok());
  EXPECT_EQ(nanospan::testing::contents(folder_ / "t"), "{\"whole\":1}\n");
  EXPECT_NE(metrics_.render().find("nanospan_file_torn_records{exporter=\"file\"} 1\n"), std::string::npos);
  EXPECT_NE(metrics_.render().find("nanospan_file_torn_bytes{exporter=\"file\"} 8\n"), std::string::npos);
}

TEST_F(FileSenderTest, WhatCanNeverFitIsFinalAndTheRestIsRetried) {
  config_.file.rotate = true;
  config_.file.bytes_max = 100;
  FileSender sender(config_, "file", clock_, metrics_);
  ASSERT_TRUE(sender.open().ok());
  const SendResult too_large = send(sender, testing::sample_batch());
  EXPECT_EQ(too_large.kind, SendResult::Kind::kPermanent);
  EXPECT_EQ(too_large.reason, "record_too_large");
  FileExporterConfig elsewhere;
  elsewhere.file.path = "/dev/full";  // Every write answers ENOSPC.
  FileSender full(elsewhere, "file", clock_, metrics_);
  const SendResult refused = send(full, testing::sample_batch());
  EXPECT_EQ(refused.kind, SendResult::Kind::kRetry);
  EXPECT_EQ(refused.reason, "disk");
  EXPECT_NE(refused.message.find("No space left on device"), std::string::npos) << refused.message;
}

}  // namespace
}  // namespace nanospan::gateway
