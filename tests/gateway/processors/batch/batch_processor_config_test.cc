// The keys of the batch processor: the Collector's defaults, and what is refused.
#include "gateway/processors/batch/batch_processor_config.h"

#include <gtest/gtest.h>

#include "tests/gateway/config_text.h"

namespace nanospan::gateway {
namespace {

TEST(BatchProcessorConfig, DefaultsAreTheCollectors) {
  testing::ConfigText text("");
  const BatchProcessorConfig config = read_batch_processor_config(text.reader);
  EXPECT_EQ(config.send_spans, 8192u);
  EXPECT_EQ(config.send_spans_max, 0u);
  EXPECT_EQ(config.timeout_nanos, 200 * base::kNanosPerMilli);
  EXPECT_EQ(text.errors(), "");
}

TEST(BatchProcessorConfig, ReadsItsKeys) {
  testing::ConfigText text("send_batch_size: 10\nsend_batch_max_size: 20\ntimeout: 5s\nmetadata_keys: []\n");
  const BatchProcessorConfig config = read_batch_processor_config(text.reader);
  EXPECT_EQ(config.send_spans, 10u);
  EXPECT_EQ(config.send_spans_max, 20u);
  EXPECT_EQ(config.timeout_nanos, 5 * base::kNanosPerSecond);
  EXPECT_EQ(text.errors(), "");
}

TEST(BatchProcessorConfig, SaysWhatIsWrong) {
  testing::ConfigText text(
      "send_batch_size: 10\nsend_batch_max_size: 5\nmetadata_keys: [tenant]\nsend_batch_sizes: 1\n");
  read_batch_processor_config(text.reader);
  EXPECT_EQ(
      text.errors(),
      "f.yaml:2: it.send_batch_max_size: is less than send_batch_size (10); raise it, or lower send_batch_size\n"
      "f.yaml:3: it.metadata_keys: not supported by this build: requests of all clients share a batch; remove it\n"
      "f.yaml:4: it.send_batch_sizes: unknown key; did you mean \"send_batch_size\"?\n");
}

}  // namespace
}  // namespace nanospan::gateway
