#include <gtest/gtest.h>

#include <nanospan/exporters.h>

#include "tests/support/fake_span_batch.h"

namespace nanospan {
namespace {

namespace otlp = wire::otlp;

TEST(InMemoryExporter, KeepsSpansAsPlainData) {
  const auto spans = std::make_shared<InMemorySpans>();
  const auto exporter = in_memory_exporter(spans);
  testing::OtlpMessage span = testing::otlp_span("checkout", SpanKind::kClient);
  span.message(otlp::Span::kAttributes, testing::otlp_int_attribute("order.items", 3));
  testing::OtlpMessage event;
  event.bytes(otlp::SpanEvent::kName, "retry");
  span.message(otlp::Span::kEvents, event);
  EXPECT_TRUE(exporter->export_spans(testing::FakeSpanBatch({span, testing::otlp_span("second")})).success);
  ASSERT_EQ(spans->size(), 2U);
  const std::vector<SpanRecord> records = spans->take();
  EXPECT_EQ(spans->size(), 0U);
  EXPECT_EQ(records[0].name, "checkout");
  EXPECT_EQ(records[0].kind, SpanKind::kClient);
  EXPECT_EQ(records[0].context.trace_id().to_hex(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(records[0].scope_name, "shop");
  EXPECT_EQ(records[0].attributes, (std::vector<std::pair<std::string, std::string>>{{"order.items", "3"}}));
  EXPECT_EQ(records[0].event_names, std::vector<std::string>{"retry"});
  EXPECT_EQ(records[1].name, "second");
}

TEST(InMemoryExporter, AfterShutdownExportsFail) {
  const auto spans = std::make_shared<InMemorySpans>();
  const auto exporter = in_memory_exporter(spans);
  exporter->shutdown(1);
  EXPECT_EQ(exporter->export_spans(testing::FakeSpanBatch({testing::otlp_span("x")})).reason, DropReason::kShutdown);
  EXPECT_EQ(spans->size(), 0U);
}

// So that a provider can refuse the processor that gets it.
TEST(InMemoryExporter, OfNothingIsNone) { EXPECT_EQ(in_memory_exporter(nullptr), nullptr); }

}  // namespace
}  // namespace nanospan
