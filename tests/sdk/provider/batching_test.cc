// The batch processor behind a provider: trace/sdk.md "Batching processor", "ForceFlush", "Shutdown".
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <nanospan/diagnostics.h>

#include "tests/support/exporting_provider.h"

namespace nanospan {
namespace {

using testing::ExportingProvider;
using testing::make_provider;

BatchOptions batches_of(std::uint32_t spans) {
  BatchOptions options = testing::roomy_batches();
  options.batch_spans_max = spans;
  return options;
}

// Trap 1b-3 of opentelemetry-cpp: after its first ForceFlush the batch size is ignored for ever.
TEST(BatchSize, IsKeptBeforeInAndAfterAFlush) {
  ExportingProvider sdk({}, batches_of(10));
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 95; ++i) sdk.tracer().start_span("span").set("i", i);
    if (round % 2 == 0) {
      EXPECT_EQ(sdk.provider().flush(), FlushResult::kSuccess);
    }
  }
  sdk.provider().shutdown();
  const auto sizes = sdk.collected().batch_sizes();
  EXPECT_LE(*std::max_element(sizes.begin(), sizes.end()), 10U);
  EXPECT_EQ(sdk.collected().size(), 4U * 95U);
}

// trace/sdk.md "ForceFlush": all spans that ended before the call, from whatever thread.
TEST(Flush, ExportsEverySpanThatEndedBeforeIt) {
  ExportingProvider sdk({}, batches_of(512));
  for (int round = 1; round <= 20; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) threads.emplace_back([&] { sdk.tracer().start_span("span").set("t", 1); });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(sdk.spans().size(), static_cast<std::size_t>(3 * round));
  }
}

TEST(Flush, SaysThatAnExportFailed) {
  ExportingProvider sdk;
  sdk.collected().answer = ExportResult::failed();
  sdk.tracer().start_span("span").end();
  EXPECT_EQ(sdk.provider().flush(), FlushResult::kFailure);
  EXPECT_EQ(sdk.provider().ledger().dropped_by(DropReason::kExportFailed), 1U);
  EXPECT_EQ(sdk.provider().flush(), FlushResult::kSuccess);  // of nothing
}

TEST(Flush, AfterShutdownFailsAtOnce) {
  ExportingProvider sdk;
  sdk.provider().shutdown();
  EXPECT_EQ(sdk.provider().flush(), FlushResult::kFailure);
}

/// Blocks until it is opened; counts.
class GatedExporter final : public SpanExporter {
 public:
  struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false;
    int entered = 0, overlaps = 0, inside = 0, flushes = 0, shutdowns = 0;
    std::uint64_t flush_timeout = 0;
  };
  explicit GatedExporter(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}
  ExportResult export_spans(const SpanBatch&) override {
    std::unique_lock lock(gate_->mutex);
    ++gate_->entered;
    if (gate_->inside++ != 0) ++gate_->overlaps;
    gate_->changed.notify_all();
    gate_->changed.wait(lock, [&] { return gate_->open; });
    --gate_->inside;
    return {};
  }
  FlushResult flush(std::uint64_t timeout_ms) override {
    const std::lock_guard lock(gate_->mutex);
    if (gate_->inside != 0) ++gate_->overlaps;
    ++gate_->flushes;
    gate_->flush_timeout = timeout_ms;
    return FlushResult::kTimeout;
  }
  void shutdown(std::uint64_t) override {
    const std::lock_guard lock(gate_->mutex);
    if (gate_->inside != 0) ++gate_->overlaps;
    ++gate_->shutdowns;
    gate_->changed.notify_all();
  }

 private:
  std::shared_ptr<Gate> gate_;
};

struct Gated {
  std::shared_ptr<GatedExporter::Gate> gate = std::make_shared<GatedExporter::Gate>();
  TracerProvider provider;

  explicit Gated(BatchOptions options) : provider(make(gate, options)) {}
  static TracerProvider make(const std::shared_ptr<GatedExporter::Gate>& gate, BatchOptions batches) {
    TracerProviderOptions options;
    options.processors.push_back(batch_processor(std::make_unique<GatedExporter>(gate), batches));
    return make_provider(std::move(options));
  }
  void wait_until_entered() {
    std::unique_lock lock(gate->mutex);
    gate->changed.wait(lock, [&] { return gate->entered != 0; });
  }
  void open() {
    const std::lock_guard lock(gate->mutex);
    gate->open = true;
    gate->changed.notify_all();
  }
};

// performance.md: ending a span never blocks; what does not fit is dropped and counted.
TEST(StalledExporter, NeverBlocksTheProducersAndEverythingIsCounted) {
  BatchOptions options;
  options.queue_spans_max = 100;
  options.batch_spans_max = 10;
  options.schedule_delay_ms = 1;
  Gated gated(options);
  Tracer tracer = gated.provider.tracer({.name = "t"});
  for (int i = 0; i < 10; ++i) tracer.start_span("span").end();
  gated.wait_until_entered();
  for (int i = 0; i < 1000; ++i) tracer.start_span("span").set("i", i);
  EXPECT_EQ(gated.provider.flush(20), FlushResult::kTimeout);  // honouring the timeout has priority
  Ledger stalled = gated.provider.ledger();
  while (stalled.dropped_by(DropReason::kQueueFull) < 800) stalled = gated.provider.ledger();
  EXPECT_TRUE(stalled.balances());
  EXPECT_EQ(stalled.exported, 0U);
  gated.open();
  EXPECT_EQ(gated.provider.flush(20'000), FlushResult::kTimeout) << "as the exporter's flush said";
  const Ledger ledger = gated.provider.ledger();
  EXPECT_TRUE(ledger.balances());
  EXPECT_EQ(ledger.queued, 0U);
  EXPECT_GT(gated.gate->flush_timeout, 0U);
  EXPECT_LE(gated.gate->flush_timeout, 20'001U) << "the caller's";
  EXPECT_EQ(ledger.ended, 1010U);
  EXPECT_EQ(gated.gate->overlaps, 0);  // trace/sdk.md: "Export() MUST NOT be called concurrently"
  EXPECT_EQ(gated.gate->flushes, 1);   // trace/sdk.md "ForceFlush": the exporter's is called too; not for who gave up
}

TEST(StalledExporter, ShutdownKeepsItsDeadlineAndCountsWhatItLoses) {
  set_error_handler([](std::string_view, std::string_view) {});
  Gated gated(batches_of(10));
  Tracer tracer = gated.provider.tracer({.name = "t"});
  for (int i = 0; i < 55; ++i) tracer.start_span("span").end();
  EXPECT_EQ(gated.provider.shutdown(20), FlushResult::kTimeout);
  const Ledger ledger = gated.provider.ledger();
  EXPECT_EQ(ledger.ended, 55U);
  EXPECT_EQ(ledger.dropped_by(DropReason::kShutdown), 55U);
  EXPECT_TRUE(ledger.balances());
  EXPECT_EQ(gated.gate->shutdowns, 0) << "not while an export is inside";
  gated.open();
  {
    std::unique_lock lock(gated.gate->mutex);
    gated.gate->changed.wait(lock, [&] { return gated.gate->shutdowns != 0; });
    EXPECT_EQ(gated.gate->overlaps, 0);
  }
  set_error_handler(nullptr);
}

TEST(StalledExporter, IsGivenUpAfterTheExportTimeout) {
  set_error_handler([](std::string_view, std::string_view) {});
  BatchOptions options = batches_of(10);
  options.export_timeout_ms = 10;
  Gated gated(options);
  for (int i = 0; i < 10; ++i) gated.provider.tracer({.name = "t"}).start_span("span").end();
  EXPECT_EQ(gated.provider.flush(), FlushResult::kFailure);
  EXPECT_EQ(gated.provider.ledger().dropped_by(DropReason::kExportTimeout), 10U);
  EXPECT_TRUE(gated.provider.ledger().balances());
  gated.open();
  set_error_handler(nullptr);
}

class ThrowingExporter final : public SpanExporter {
 public:
  ExportResult export_spans(const SpanBatch&) override { throw 7; }
  FlushResult flush(std::uint64_t) override { throw 7; }
  void shutdown(std::uint64_t) override { throw 7; }
};

TEST(ExporterThatThrows, CountsAsFailureAndNothingEscapes) {
  int reports = 0;
  std::mutex mutex;
  set_error_handler([&](std::string_view, std::string_view) {
    const std::lock_guard lock(mutex);
    ++reports;
  });
  {
    TracerProviderOptions options;
    options.processors.push_back(batch_processor(std::make_unique<ThrowingExporter>()));
    options.processors.push_back(simple_processor(std::make_unique<ThrowingExporter>()));
    TracerProvider provider = make_provider(std::move(options));
    provider.tracer({.name = "t"}).start_span("span").end();
    EXPECT_EQ(provider.flush(), FlushResult::kFailure);
    EXPECT_EQ(provider.ledger().dropped_by(DropReason::kExportFailed), 2U) << "each accounts for the span";
    provider.shutdown();
    EXPECT_TRUE(provider.ledger().balances());
  }
  set_error_handler(nullptr);
  EXPECT_GE(reports, 1);
}

}  // namespace
}  // namespace nanospan
