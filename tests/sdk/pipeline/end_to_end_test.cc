// A span leaves the SDK: provider, hot path, ring, drain, batch, exporter, and the ledger balances.

#include <thread>

#include <gtest/gtest.h>
#include <nanospan/tracer_provider.h>

#include "tests/support/collecting_exporter.h"

namespace nanospan {
namespace {

using testing::Collected;
using testing::CollectingExporter;

struct Pipeline {
  std::shared_ptr<Collected> collected = std::make_shared<Collected>();
  std::optional<TracerProvider> provider;

  explicit Pipeline(BatchOptions options = {}) {
    TracerProviderOptions provider_options;
    provider_options.processors.push_back(batch_processor(std::make_unique<CollectingExporter>(collected), options));
    auto created = TracerProvider::create(std::move(provider_options));
    EXPECT_TRUE(created.ok());
    provider.emplace(std::move(created).value());
  }
};

TEST(Pipeline, ASpanArrivesWithEverythingItWasGiven) {
  Pipeline pipeline;
  Tracer tracer = pipeline.provider->tracer({.name = "shop", .version = "1.2"});
  SpanContext parent_context;
  {
    Span parent = tracer.start_span("checkout", {.kind = SpanKind::kServer, .attributes = {{"order.id", 7}}});
    parent_context = parent.context();
    const Scope scope(parent);
    Span child = tracer.start_span(std::string("pay"));
    child.set("amount", 12.5).set("currency", "EUR").set("retry", false).set("amount", 13);
    child.add_event("charged").add_link(parent.context());
    child.set_status(StatusCode::kError, "card refused");
  }
  ASSERT_EQ(pipeline.provider->flush(), FlushResult::kSuccess);
  const auto spans = pipeline.collected->spans();
  ASSERT_EQ(spans.size(), 2U);
  const auto& child = spans[0];
  EXPECT_EQ(child.name, "pay");
  EXPECT_EQ(child.scope, "shop");
  EXPECT_EQ(child.parent.span_id(), parent_context.span_id());
  EXPECT_EQ(child.context.trace_id(), parent_context.trace_id());
  EXPECT_EQ(child.attributes,
            (std::map<std::string, std::string>{{"amount", "13"}, {"currency", "EUR"}, {"retry", "false"}}));
  EXPECT_EQ(child.attribute_count, 3U);
  EXPECT_EQ(child.events, std::vector<std::string>{"charged"});
  EXPECT_EQ(child.links.size(), 1U);
  EXPECT_EQ(child.status, StatusCode::kError);
  EXPECT_EQ(child.status_description, "card refused");
  EXPECT_GE(child.end, child.start);
  EXPECT_EQ(spans[1].kind, SpanKind::kServer);
  EXPECT_EQ(spans[1].attributes.at("order.id"), "7");
  EXPECT_FALSE(spans[1].parent.is_valid());
}

TEST(Pipeline, TheLedgerBalancesWithManyThreads) {
  BatchOptions options;
  options.queue_spans_max = 1 << 20;
  Pipeline pipeline(options);
  pipeline.collected->keep_spans = false;
  Tracer tracer = pipeline.provider->tracer({.name = "load"});
  constexpr int kThreads = 4, kSpans = 20000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kSpans; ++i) {
        Span span = tracer.start_span("work");
        span.set("thread", t).set("i", i).set("text", "some longer text that is not so short");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(pipeline.provider->flush(), FlushResult::kSuccess);
  const Ledger ledger = pipeline.provider->ledger();
  EXPECT_EQ(ledger.ended, static_cast<std::uint64_t>(kThreads) * kSpans);
  EXPECT_EQ(ledger.queued, 0U);
  EXPECT_TRUE(ledger.balances()) << ledger.ended << " " << ledger.exported << " " << ledger.dropped_total();
  EXPECT_GT(ledger.exported, 0U);
}

TEST(Pipeline, AfterABurstTheProducerFindsThePagesOfItsRing) {
  BatchOptions options;
  options.queue_spans_max = 1 << 16;
  Pipeline pipeline(options);
  pipeline.collected->keep_spans = false;
  Tracer tracer = pipeline.provider->tracer({.name = "load"});
  std::thread([&] {
    for (int i = 0; i < 2000; ++i) tracer.start_span("work").set("text", "some longer text that is not so short");
    ASSERT_EQ(pipeline.provider->flush(), FlushResult::kSuccess);
    const detail::Ring* ring = detail::thread_locals().state->ring;
    EXPECT_GT(ring->size, 16U << 10);
    EXPECT_TRUE(ring->touched);
  }).join();
}

TEST(Pipeline, AFullQueueDropsAndCounts) {
  BatchOptions options = BatchOptions::low_memory();
  Pipeline pipeline(options);
  pipeline.collected->answer = ExportResult::failed();
  Tracer tracer = pipeline.provider->tracer({.name = "load"});
  for (int i = 0; i < 5000; ++i) tracer.start_span("work").set("i", i);
  EXPECT_NE(pipeline.provider->flush(), FlushResult::kTimeout);
  const Ledger ledger = pipeline.provider->ledger();
  EXPECT_EQ(ledger.ended, 5000U);
  EXPECT_EQ(ledger.exported, 0U);
  EXPECT_TRUE(ledger.balances());
}

TEST(Pipeline, ShutdownExportsWhatIsQueuedAndLaterSpansDoNotRecord) {
  Pipeline pipeline;
  Tracer tracer = pipeline.provider->tracer({.name = "t"});
  tracer.start_span("last").end();
  EXPECT_EQ(pipeline.provider->shutdown(), FlushResult::kSuccess);
  EXPECT_EQ(pipeline.collected->size(), 1U);
  EXPECT_FALSE(tracer.start_span("late").is_recording());
  EXPECT_EQ(pipeline.provider->shutdown(), FlushResult::kFailure);
  EXPECT_TRUE(pipeline.provider->ledger().balances());
}

TEST(Pipeline, ASpanThatEndsAfterShutdownIsCountedAsDroppedByIt) {
  Pipeline pipeline;
  Tracer tracer = pipeline.provider->tracer({.name = "t"});
  Span early = tracer.start_span("early");
  tracer.start_span("in time").end();
  EXPECT_EQ(pipeline.provider->shutdown(), FlushResult::kSuccess);
  early.end();
  const Ledger ledger = pipeline.provider->ledger();
  EXPECT_EQ(ledger.ended, 2U);
  EXPECT_EQ(ledger.exported, 1U);
  EXPECT_EQ(ledger.queued + ledger.dropped_by(DropReason::kShutdown), 1U);
  EXPECT_TRUE(ledger.balances());
}

}  // namespace
}  // namespace nanospan
