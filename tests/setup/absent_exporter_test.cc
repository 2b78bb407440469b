#include "setup/absent_exporter.h"

#include <gtest/gtest.h>

#include "sdk/pipeline/async_exporter.h"
#include "tests/support/fake_span_batch.h"
#include "tests/support/said_lines.h"

namespace nanospan::setup {
namespace {

TEST(AbsentExporter, LosesEachBatchAndSaysOnceAtTheEndHowManyAndWhy) {
  const testing::SaidLines said;
  const std::unique_ptr<SpanExporter> exporter = absent_exporter("OTEL_X: \"y\" is not known; write z");
  auto* const pipeline = dynamic_cast<sdk::AsyncExporter*>(exporter.get());
  ASSERT_NE(pipeline, nullptr) << "no thread waits for it";
  EXPECT_FALSE(exporter->export_spans(*testing::fake_batch(2)).success);
  bool ended = false;
  pipeline->start_export(testing::fake_batch(3), base::Deadline{0}, [&](const ExportResult& result) {
    ended = true;
    EXPECT_FALSE(result.success);
    EXPECT_EQ(result.reason, DropReason::kExportFailed);
  });
  EXPECT_TRUE(ended);
  EXPECT_TRUE(said.all().empty()) << "nothing while it runs";
  for (int i = 0; i < 2; ++i) {
    pipeline->start_shutdown(base::Deadline{0}, [](FlushResult result) { EXPECT_EQ(result, FlushResult::kSuccess); });
  }
  EXPECT_EQ(said.all(), std::vector<std::string>{
                            "setup: 5 spans lost, as there was no exporter: OTEL_X: \"y\" is not known; write z"});
}

}  // namespace
}  // namespace nanospan::setup
