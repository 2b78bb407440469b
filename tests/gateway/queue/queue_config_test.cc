// Defaults are the Collector's; the faults are in gateway_config_test.cc.
#include "gateway/queue/queue_config.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace nanospan::gateway
