// The simple processor with an exporter that hangs, fails or throws, and its ledger: trace/sdk.md "Simple processor",
// "Shutdown".
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nanospan/diagnostics.h>

#include "tests/support/hooked_provider.h"

namespace nanospan {
namespace {

struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool inside = false, open = false;
  int exports = 0, shutdowns = 0;
};

class BlockingExporter final : public SpanExporter {
 public:
  explicit BlockingExporter(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}
  ExportResult export_spans(const SpanBatch&) override {
    std::unique_lock lock(gate_->mutex);
    gate_->inside = true;
    ++gate_->exports;
    gate_->changed.notify_all();
    gate_->changed.wait(lock, [this] { return gate_->open; });
    throw std::runtime_error("after all");
  }
  FlushResult flush(std::uint64_t) override {
    ADD_FAILURE() << "a flush while another call is inside";
    return FlushResult::kSuccess;
  }
  void shutdown(std::uint64_t) override {
    const std::lock_guard lock(gate_->mutex);
    ++gate_->shutdowns;
  }

 private:
  std::shared_ptr<Gate> gate_;
};

TEST(SimpleProcessor, ShutdownKeepsItsDeadlineWhileAnExportHangs) {
  set_error_handler([](std::string_view, std::string_view) {});
  const auto gate = std::make_shared<Gate>();
  TracerProviderOptions options;
  options.processors.push_back(simple_processor(std::make_unique<BlockingExporter>(gate)));
  TracerProvider provider = testing::make_provider(std::move(options));
  Tracer tracer = provider.tracer({.name = "t"});
  Span late = tracer.start_span("ends after shutdown");
  std::thread hangs([&] { tracer.start_span("hangs").end(); });
  {
    std::unique_lock lock(gate->mutex);
    gate->changed.wait(lock, [&] { return gate->inside; });
  }
  std::thread waits([&] { tracer.start_span("waits for its turn").end(); });
  while (provider.ledger().queued != 2) std::this_thread::yield();
  EXPECT_EQ(provider.flush(1), FlushResult::kTimeout);
  EXPECT_EQ(provider.shutdown(1), FlushResult::kTimeout);
  late.end();
  {
    const std::lock_guard lock(gate->mutex);
    EXPECT_EQ(gate->shutdowns, 0) << "not while another call is inside";
    gate->open = true;
    gate->changed.notify_all();
  }
  hangs.join();
  waits.join();
  EXPECT_EQ(gate->exports, 1) << "after shutdown nothing is exported";
  const Ledger ledger = provider.ledger();
  EXPECT_EQ(ledger.ended, 2U) << "the provider's end lets its late span go to nobody";
  EXPECT_EQ(ledger.dropped_by(DropReason::kExportFailed), 1U) << "it threw";
  EXPECT_EQ(ledger.dropped_by(DropReason::kShutdown), 1U) << "it waited for its turn";
  EXPECT_TRUE(ledger.balances());
  EXPECT_EQ(gate->shutdowns, 1);
  set_error_handler(nullptr);
}

class SimpleLedger : public ::testing::Test {
 protected:
  using Export = std::function<ExportResult(const SpanBatch&)>;
  class Exporter final : public SpanExporter {
   public:
    explicit Exporter(SimpleLedger& test) : test_(test) {}
    ExportResult export_spans(const SpanBatch& batch) override { return test_.on_export_(batch); }

   private:
    SimpleLedger& test_;
  };

  SimpleLedger() {
    set_error_handler([this](std::string_view component, std::string_view message) {
      said_.push_back(std::string(component).append(": ").append(message));
    });
    TracerProviderOptions options;
    options.processors.push_back(processor_);
    provider_.emplace(testing::make_provider(std::move(options)));
    tracer_ = provider_->tracer({.name = "t"});
  }
  ~SimpleLedger() override {
    EXPECT_TRUE(provider_->ledger().balances());
    provider_.reset();
    set_error_handler(nullptr);
  }
  void end_spans(int count, Export on_export) {
    on_export_ = std::move(on_export);
    for (int i = 0; i < count; ++i) tracer_.start_span("span").end();
  }

  Export on_export_ = [](const SpanBatch&) { return ExportResult{}; };
  std::vector<std::string> said_;
  std::shared_ptr<SpanProcessor> processor_ = simple_processor(std::make_unique<Exporter>(*this));
  std::optional<TracerProvider> provider_;
  Tracer tracer_{{.name = "t"}};
};

TEST_F(SimpleLedger, EachSpanIsExportedOrDroppedByReason) {
  end_spans(3, [](const SpanBatch&) { return ExportResult{}; });
  EXPECT_TRUE(said_.empty());
  end_spans(10, [](const SpanBatch&) { return ExportResult::failed(); });
  end_spans(2, [](const SpanBatch&) { return ExportResult{.success = true, .rejected = 1}; });
  end_spans(1, [](const SpanBatch&) { return ExportResult::failed(DropReason::kTooLarge); });
  end_spans(1, [](const SpanBatch&) { return ExportResult::failed(static_cast<DropReason>(200)); });
  const Ledger ledger = provider_->ledger();
  EXPECT_EQ(ledger.ended, 17U);
  EXPECT_EQ(ledger.exported, 3U);
  EXPECT_EQ(ledger.dropped_by(DropReason::kExportFailed), 11U) << "a reason that is none counts as this";
  EXPECT_EQ(ledger.dropped_by(DropReason::kRejected), 2U);
  EXPECT_EQ(ledger.dropped_by(DropReason::kTooLarge), 1U);
  EXPECT_EQ(ledger_of(*processor_).ended, 17U);
  EXPECT_EQ(said_, (std::vector<std::string>{"simple_processor: a span was dropped: export_failed",
                                             "simple_processor: a span was dropped: rejected",
                                             "simple_processor: a span was dropped: too_large"}))
      << "one line a reason";
}

TEST_F(SimpleLedger, WhatAnExporterThrowsIsSaidAndCounted) {
  end_spans(2, [](const SpanBatch&) -> ExportResult { throw std::runtime_error("disk full"); });
  end_spans(1, [](const SpanBatch&) -> ExportResult { throw 1; });
  EXPECT_EQ(provider_->ledger().dropped_by(DropReason::kExportFailed), 3U);
  EXPECT_EQ(said_, (std::vector<std::string>{"exporter: an exporter threw: disk full",
                                             "simple_processor: a span was dropped: export_failed"}));
}

TEST_F(SimpleLedger, SpansThatDoNotRecordOrAreNotSampledStandOutside) {
  TracerProviderOptions options;
  options.sampler = always_record_sampler(always_off_sampler());
  const auto processor = simple_processor(std::make_unique<Exporter>(*this));
  options.processors.push_back(processor);
  TracerProvider provider = testing::make_provider(std::move(options));
  Span span = provider.tracer({.name = "t"}).start_span("record only");
  EXPECT_TRUE(span.is_recording());
  span.end();
  EXPECT_EQ(ledger_of(*processor).ended, 0U);
}

// A processor of the user that wraps the simple one: views may be passed on late, or be of the user's own making.
TEST_F(SimpleLedger, ViewsThatAreNotExportedAreCounted) {
  std::vector<std::string> names;
  on_export_ = [&](const SpanBatch& batch) {
    batch.for_each([&](const SpanView& span) { names.emplace_back(span.name()); });
    return ExportResult{};
  };
  const auto inner = simple_processor(std::make_unique<Exporter>(*this));
  testing::Hooked hooked;
  const InstrumentationScope own{.name = "not a tracer's"};
  hooked.hooks->ended = [&](const SpanView& span) {
    inner->on_end(span);
    inner->on_end(SpanView(span.bytes(), span.resource(), span.scope(), true));
    inner->on_end(SpanView(span.bytes(), span.resource(), own, true));
  };
  hooked.sdk.tracer().start_span("seen");
  EXPECT_EQ(inner->shutdown(1000), FlushResult::kSuccess);
  hooked.hooks->ended = [&](const SpanView& span) { inner->on_end(span); };
  hooked.sdk.tracer().start_span("late");
  EXPECT_EQ(names, (std::vector<std::string>{"seen", "seen"}));
  const Ledger ledger = ledger_of(*inner);
  EXPECT_EQ(ledger.ended, 4U);
  EXPECT_EQ(ledger.exported, 2U);
  EXPECT_EQ(ledger.dropped_by(DropReason::kUnknownScope), 1U);
  EXPECT_EQ(ledger.dropped_by(DropReason::kShutdown), 1U);
  EXPECT_TRUE(ledger.balances());
  EXPECT_EQ(said_, (std::vector<std::string>{"simple_processor: a span was dropped: unknown_scope",
                                             "simple_processor: a span was dropped: shutdown"}));
}

TEST_F(SimpleLedger, AnExporterThatEndsASpanDoesNotWaitForItself) {
  Span kept = tracer_.start_span("kept");
  end_spans(1, [&](const SpanBatch&) {
    kept.end();
    EXPECT_EQ(provider_->flush(0), FlushResult::kTimeout);
    return ExportResult{};
  });
  const Ledger ledger = provider_->ledger();
  EXPECT_EQ(ledger.ended, 2U);
  EXPECT_EQ(ledger.exported, 1U);
  EXPECT_EQ(ledger.dropped_by(DropReason::kQueueFull), 1U);
}

}  // namespace
}  // namespace nanospan
