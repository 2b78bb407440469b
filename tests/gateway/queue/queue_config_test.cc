// Defaults are the Collector's; the faults are in gateway_config_test.cc.
#include "gateway/queue/queue_config.h"

#include <gtest/gtest.h>

#include "tests/gateway/config_text.h"

namespace nanospan::gateway {
namespace {

TEST(QueueConfig, DefaultsAreTheCollectors) {
  const QueueOptions queue;
  EXPECT_EQ(queue.consumers, 10u);
  EXPECT_EQ(queue.size_max, 1000u);
  EXPECT_EQ(describe_size(queue), "1000 requests");
  const RetryOptions retry;
  EXPECT_EQ(retry.initial_nanos, 5 * base::kNanosPerSecond);
  EXPECT_EQ(retry.interval_nanos_max, 30 * base::kNanosPerSecond);
  EXPECT_EQ(retry.elapsed_nanos_max, 300 * base::kNanosPerSecond);
}

TEST(QueueConfig, SizesAreSaidInTheirUnit) {
  EXPECT_EQ(describe_size({true, 1, 64u << 20, QueueSizer::kBytes}), "64 MiB");
  EXPECT_EQ(describe_size({true, 1, 9000, QueueSizer::kItems}), "9000 items");
}

QueueOptions read_queue(const std::string& keys, const std::string& errors = "") {
  testing::ConfigText text("sending_queue: {" + keys + "}");
  QueueOptions options;
  read_queue_options(text.reader, options);
  EXPECT_EQ(text.errors(), errors);
  return options;
}

TEST(QueueConfig, ABatchCountsWhatTheQueueCountsElseItems) {
  EXPECT_FALSE(read_queue("queue_size: 5").batch);
  const QueueOptions defaults = read_queue("batch: {}");
  ASSERT_TRUE(defaults.batch);
  EXPECT_EQ(defaults.batch->flush_nanos, 200 * base::kNanosPerMilli);
  EXPECT_EQ(defaults.batch->limits.sizer, BatchSizer::kItems);
  EXPECT_EQ(defaults.batch->limits.size, 8192u);
  EXPECT_EQ(defaults.batch->limits.size_max, 0u);
  EXPECT_EQ(read_queue("sizer: bytes, queue_size: 1MiB, batch: {min_size: 64KiB}").batch->limits.sizer,
            BatchSizer::kBytes);
  EXPECT_EQ(read_queue("sizer: bytes, queue_size: 1MiB, batch: {sizer: items}").batch->limits.sizer,
            BatchSizer::kItems);
}

TEST(QueueConfig, BatchesThatMakeNoSense) {
  const std::string at = "f.yaml:1: it.sending_queue.batch";
  read_queue("batch: {min_size: 10, max_size: 5}",
             at + ".max_size: is less than min_size (10); raise it, or lower min_size\n");
  read_queue(
      "sizer: items, queue_size: 5, batch: {min_size: 10}",
      at + ".min_size: is more than the whole queue (queue_size 5): it would never be reached; lower it, or raise "
           "queue_size\n");
  read_queue("sizer: requests, batch: {min_size: 10}",
             at + ".sizer: must be items or bytes, also where it is the queue's (\"requests\")\n");
  read_queue("batch: {flush_timeout: 0s}", at + ".flush_timeout: must be greater than zero\n");
  read_queue("batch: {partition: {metadata_keys: [tenant]}}",
             at +
                 ".partition.metadata_keys: not supported by this build: requests of all clients share a batch; remove "
                 "it\n");
}

}  // namespace
}  // namespace nanospan::gateway
