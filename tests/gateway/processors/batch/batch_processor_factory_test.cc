// From keys to a processor that stands in a pipeline; a second pipeline gets its own.
#include "gateway/processors/batch/batch_processor_factory.h"

#include <gtest/gtest.h>

#include "tests/gateway/config_text.h"
#include "tests/gateway/fake_host.h"
#include "tests/gateway/sample_traces.h"

namespace nanospan::gateway {
namespace {

TEST(BatchProcessorFactory, MakesOneForEachPipeline) {
  testing::FakeHost host;
  testing::FakeNext first, second;
  testing::ConfigText text("send_batch_size: 2\n");
  const ProcessorFactory factory = batch_processor_factory();
  EXPECT_TRUE(factory.is_called("batch"));
  const ProcessorMaker make = factory.read({"batch", "x"}, text.reader);
  ASSERT_EQ(text.errors(), "");
  const auto a = make(host, Signal::kTraces, first).value();
  const auto b = make(host, Signal::kTraces, second).value();
  EXPECT_EQ(a->describe(), "2 spans or 200ms, answers at once");
  a->consume(testing::sample_batch(1), [](const Outcome&) {});
  b->consume(testing::sample_batch(1), [](const Outcome&) {});
  EXPECT_TRUE(first.seen.empty());
  a->consume(testing::sample_batch(1), [](const Outcome&) {});
  EXPECT_EQ(first.spans(), std::vector<std::uint64_t>{2});
  EXPECT_TRUE(second.seen.empty());
}

}  // namespace
}  // namespace nanospan::gateway
