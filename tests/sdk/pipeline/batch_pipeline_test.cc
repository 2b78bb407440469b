// When the batch processor exports and what it drops: trace/sdk.md "Batching processor". Driven by hand in place of the
// export thread, under a fake clock, with an exporter that answers when the test says so.
#include "sdk/pipeline/batch_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nanospan/diagnostics.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "sdk/pipeline/batch_options.h"
#include "sdk/pipeline/drain.h"
#include "sdk/pipeline/losses.h"
#include "sdk/runtime/ring.h"
#include "tests/support/exporting_provider.h"
#include "tests/support/fake_clock.h"

namespace nanospan::sdk {
namespace {

using base::kNanosPerMilli;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// What is said on the diagnostics while it lives, by whatever thread.
class Said {
 public:
  Said() {
    set_error_handler([kept = kept_](std::string_view, std::string_view message) {
      const std::lock_guard lock(kept->mutex);
      kept->lines.emplace_back(message);
    });
  }
  Said(const Said&) = delete;
  Said& operator=(const Said&) = delete;
  ~Said() { set_error_handler(nullptr); }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(kept_->mutex);
    return kept_->lines;
  }

 private:
  struct Kept {
    std::mutex mutex;
    std::vector<std::string> lines;
  };
  const std::shared_ptr<Kept> kept_ = std::make_shared<Kept>();
};

/// Keeps each export until the test answers it.
class HeldExporter final : public SpanExporter, public AsyncExporter {
 public:
  struct Held {
    std::size_t spans;
    base::Deadline deadline;
    Done done;
  };
  explicit HeldExporter(std::vector<Held>& held) : held_(held) {}

  ExportResult export_spans(const SpanBatch&) override { return {}; }
  void start_export(std::shared_ptr<const SpanBatch> batch, base::Deadline deadline, Done done) override {
    held_.push_back({batch->span_count(), deadline, std::move(done)});
  }
  int pollable_fd() const override { return -1; }
  base::MonotonicNanos next_timer() const override { return base::kNever; }
  void poll_once() override {}
  void abandon(DropReason reason) override {
    for (Held& one : held_) {
      if (one.done) std::exchange(one.done, nullptr)(ExportResult::failed(reason));
    }
  }
  void reset_after_fork() override {}

 private:
  std::vector<Held>& held_;
};

class BatchPipelineTest : public ::testing::Test {
 protected:
  void use(BatchOptions options) {
    pipeline_ = std::make_shared<BatchPipeline>(std::make_unique<HeldExporter>(held_), options, clock_);
  }
  // A span of `bytes` bytes ends and reaches the pipeline at once.
  void take(std::size_t count = 1, std::size_t bytes = 20) {
    const std::string field = std::string("\x12") + static_cast<char>(bytes - 2) + std::string(bytes - 2, '\x0A');
    for (std::size_t i = 0; i < count; ++i) {
      pipeline_->take(tracer(), {reinterpret_cast<const std::uint8_t*>(field.data()), field.size()});
    }
    taken_ += count;
  }
  // One round of the export thread.
  void advance() {
    const base::MonotonicNanos now = clock_.monotonic_now();
    pipeline_->note_requests();
    pipeline_->advance(now, last_);
    last_ = now;
  }
  void answer(std::size_t which, ExportResult result = {}) { std::exchange(held_.at(which).done, nullptr)(result); }
  std::vector<std::size_t> sizes() const {
    std::vector<std::size_t> all;
    for (const auto& one : held_) all.push_back(one.spans);
    return all;
  }
  std::uint64_t dropped(DropReason reason) const { return pipeline_->ledger().dropped_by(reason); }
  void TearDown() override {
    pipeline_->shutdown(1);
    const Ledger ledger = pipeline_->ledger();
    EXPECT_EQ(ledger.exported + ledger.dropped_total() + ledger.queued, taken_);
    EXPECT_EQ(ledger.queued, 0U);
  }

  static const TracerRecord& tracer() {
    static ProviderCore& provider = make_provider_core();
    return *find_tracer(provider, {.name = "batch"});
  }

  testing::FakeClock clock_;
  std::vector<HeldExporter::Held> held_;
  std::shared_ptr<BatchPipeline> pipeline_;
  base::MonotonicNanos last_ = clock_.monotonic_now();
  std::uint64_t taken_ = 0;
};

constexpr BatchOptions kSmall = {.queue_spans_max = 100,
                                 .batch_spans_max = 10,
                                 .schedule_delay_ms = 1000,
                                 .export_timeout_ms = 3000,
                                 .exports_in_flight_max = 2};

// Trap 1b-6 of opentelemetry-cpp: a queue that is not empty is exported at once, whatever the delay.
TEST_F(BatchPipelineTest, APartialBatchWaitsForTheScheduleDelay) {
  use(kSmall);
  take(3);
  advance();
  clock_.advance(999 * kNanosPerMilli);
  take(2);
  advance();
  EXPECT_TRUE(held_.empty());
  clock_.advance(1 * kNanosPerMilli);
  advance();
  EXPECT_EQ(sizes(), std::vector<std::size_t>{5});
  take(1);  // the delay begins anew
  advance();
  clock_.advance(999 * kNanosPerMilli);
  advance();
  EXPECT_EQ(held_.size(), 1U);
  clock_.advance(1 * kNanosPerMilli);
  advance();
  EXPECT_EQ(sizes(), (std::vector<std::size_t>{5, 1}));
}

TEST_F(BatchPipelineTest, AFullBatchGoesAtOnceAndNoBatchIsLarger) {
  use(kSmall);
  take(25);
  EXPECT_EQ(sizes(), (std::vector<std::size_t>{10, 10}));
  clock_.advance(1000 * kNanosPerMilli);
  answer(0);
  advance();
  EXPECT_EQ(sizes(), (std::vector<std::size_t>{10, 10, 5}));
}

TEST_F(BatchPipelineTest, NothingIsExportedWhenThereIsNothing) {
  use(kSmall);
  for (int i = 0; i < 5; ++i) {
    advance();
    clock_.advance(2000 * kNanosPerMilli);
  }
  EXPECT_TRUE(held_.empty());
  EXPECT_EQ(pipeline_->next_due(), base::kNever);
}

TEST_F(BatchPipelineTest, AsManyExportsAreUnderWayAsThereIsCredit) {
  use(kSmall);
  take(50);
  EXPECT_EQ(held_.size(), 2U);
  answer(1);
  advance();
  EXPECT_EQ(held_.size(), 3U);
  EXPECT_EQ(pipeline_->ledger().exported, 10U);
  EXPECT_EQ(pipeline_->ledger().queued, 40U);
}

TEST_F(BatchPipelineTest, AFullQueueDropsTheNewestAndCounts) {
  use(kSmall);
  take(150);  // 20 under way, 100 queued
  EXPECT_EQ(dropped(DropReason::kQueueFull), 30U);
  EXPECT_EQ(pipeline_->ledger().queued, 120U);
  answer(0);
  advance();
  take(10);
  EXPECT_EQ(dropped(DropReason::kQueueFull), 30U);
}

TEST_F(BatchPipelineTest, TheQueueIsBoundedInBytesToo) {
  BatchOptions options = kSmall;
  options.queue_bytes_max = 1000;
  options.batch_spans_max = 100;
  use(options);
  take(12, 100);
  EXPECT_EQ(dropped(DropReason::kQueueFull), 2U);
}

TEST_F(BatchPipelineTest, ABatchIsBoundedInBytesAndALargerSpanIsDropped) {
  BatchOptions options = kSmall;
  options.batch_bytes_max = 90;
  use(options);
  take(4, 40);
  take(1, 100);
  EXPECT_EQ(dropped(DropReason::kTooLarge), 1U);
  clock_.advance(1000 * kNanosPerMilli);
  advance();
  clock_.advance(1000 * kNanosPerMilli);
  advance();
  EXPECT_EQ(sizes(), (std::vector<std::size_t>{2, 2}));
}

// trace/sdk.md "Export": a failed batch is dropped, never tried again by the processor.
TEST_F(BatchPipelineTest, WhatTheExporterSaysIsCountedByReason) {
  use(kSmall);
  take(50);
  answer(0, ExportResult::failed());
  answer(1, ExportResult::failed(DropReason::kExportTimeout));
  advance();
  answer(2, {.success = true, .rejected = 3});
  answer(3, {.success = true, .rejected = 1000});  // never more than there were
  advance();
  answer(4, ExportResult::failed(static_cast<DropReason>(200)));  // no reason: counts as the general one
  advance();
  EXPECT_EQ(dropped(DropReason::kExportFailed), 20U);
  EXPECT_EQ(dropped(DropReason::kExportTimeout), 10U);
  EXPECT_EQ(dropped(DropReason::kRejected), 13U);
  EXPECT_EQ(pipeline_->ledger().exported, 7U);
  EXPECT_EQ(sizes(), (std::vector<std::size_t>{10, 10, 10, 10, 10}));
}

// Trap 1b-4 of opentelemetry-cpp: its export timeout is ignored.
TEST_F(BatchPipelineTest, AnExportHasTheTimeoutAsItsDeadline) {
  use(kSmall);
  take(10);
  EXPECT_EQ(held_.at(0).deadline.at, clock_.monotonic_now() + 3000 * kNanosPerMilli);
}

TEST_F(BatchPipelineTest, ATimeoutOfZeroIsNoLimit) {
  BatchOptions options = kSmall;
  options.export_timeout_ms = 0;
  use(options);
  take(10);
  EXPECT_EQ(held_.at(0).deadline.at, base::kNever);
}

// configuration/sdk-environment-variables.md: batch <= queue, values positive.
TEST_F(BatchPipelineTest, ABatchAboveTheQueueIsBroughtDownToItAndReported) {
  const Said said;
  use({.queue_spans_max = 5, .batch_spans_max = 50});
  EXPECT_THAT(said.lines(), ElementsAre(HasSubstr("batch_spans_max 50 is above queue_spans_max 5")));
  EXPECT_TRUE(pipeline_->usable().ok());
  take(5);
  EXPECT_EQ(sizes(), std::vector<std::size_t>{5});
}

TEST_F(BatchPipelineTest, AZeroWithWhichNothingCouldBeExportedIsRefused) {
  for (const auto& [name, options] : std::map<std::string, BatchOptions>{
           {"queue_spans_max", {.queue_spans_max = 0}},
           {"batch_spans_max", {.batch_spans_max = 0}},
           {"schedule_delay_ms", {.schedule_delay_ms = 0}},
           {"batch_bytes_max", {.batch_bytes_max = 0}},
           {"queue_bytes_max", {.queue_bytes_max = 0}},
           {"exports_in_flight_max", {.exports_in_flight_max = 0}},
       }) {
    const Said said;
    use(options);
    ASSERT_FALSE(pipeline_->usable().ok()) << name;
    EXPECT_EQ(pipeline_->usable().error().message, "batch." + name + " is 0; the least is 1");
    EXPECT_THAT(said.lines(), Contains(HasSubstr("batch." + name + " is 0; the least is 1")));
    EXPECT_TRUE(pipeline_->closed());
  }
  use({.export_timeout_ms = 0});
  EXPECT_TRUE(pipeline_->usable().ok()) << "no limit";
}

// Each limit that drops spans is named, with the option that moves it.
TEST_F(BatchPipelineTest, LossesAreSaidWithTheirRemedyOnceARound) {
  BatchOptions options = kSmall;
  options.queue_bytes_max = 2100;
  options.batch_bytes_max = 1000;
  use(options);
  const Said said;
  advance();
  EXPECT_THAT(said.lines(), IsEmpty());
  take(123);  // 20 under way, 100 queued
  EXPECT_THAT(said.lines(), IsEmpty()) << "not before the round";
  advance();
  EXPECT_THAT(said.lines(), ElementsAre("3 spans lost so far, as the queue of 100 spans was full; "
                                        "OTEL_BSP_MAX_QUEUE_SIZE or BatchOptions::queue_spans_max makes it larger"));
  answer(0);
  advance();
  take(1, 120);
  take(9, 120);
  advance();
  EXPECT_THAT(said.lines(), Contains(HasSubstr("as the queue of 2100 bytes was full; BatchOptions::queue_bytes_max")));
  EXPECT_EQ(said.lines().size(), 2U);
}

TEST_F(BatchPipelineTest, ASpanAboveTheBytesOfABatchIsSaid) {
  BatchOptions options = kSmall;
  options.batch_bytes_max = 90;
  use(options);
  const Said said;
  take(1, 100);
  advance();
  EXPECT_THAT(said.lines(),
              ElementsAre("1 span lost so far, as each was larger than a batch of 90 bytes; BatchOptions::"
                          "batch_bytes_max admits larger ones, SpanLimits::span_bytes_max keeps them smaller"));
  advance();
  EXPECT_EQ(said.lines().size(), 1U) << "and not again while none is lost";
}

// Memory that is refused is no full queue: a larger one would not help.
TEST(Losses, EachCauseHasItsLineAndItsReason) {
  EXPECT_EQ(Losses::reason_of(Losses::kQueueSpans), DropReason::kQueueFull);
  EXPECT_EQ(Losses::reason_of(Losses::kQueueBytes), DropReason::kQueueFull);
  EXPECT_EQ(Losses::reason_of(Losses::kMemory), DropReason::kQueueFull);
  EXPECT_EQ(Losses::reason_of(Losses::kBatchBytes), DropReason::kTooLarge);
  EXPECT_EQ(Losses::reason_of(Losses::kRing), DropReason::kRingFull);
  const Said said;
  Losses losses;
  losses.add(Losses::kMemory, 2);
  losses.say({});
  EXPECT_THAT(said.lines(), ElementsAre(AllOf(HasSubstr("2 spans lost so far, as the system refused memory"),
                                              Not(HasSubstr("queue_spans_max")))));
  losses.reset();
  losses.say({});
  EXPECT_EQ(said.lines().size(), 1U) << "a forked child has lost none";
}

// Counted on the thread that ends the span, said by the export thread.
TEST(FullRing, IsSaid) {
  nanospan::testing::ExportingProvider sdk;
  Tracer& tracer = sdk.tracer();
  tracer.start_span("first").end();
  ASSERT_EQ(sdk.provider().flush(), FlushResult::kSuccess) << "the export thread runs";
  const Said said;
  const std::string value(10'000, 'x');
  {
    const auto paused = Drain::instance().pause();
    for (std::size_t bytes = 0; bytes <= 2 * kLastRingBytes; bytes += value.size()) {
      tracer.start_span("more").set("key", value).end();
    }
  }
  ASSERT_EQ(sdk.provider().flush(), FlushResult::kSuccess);
  const std::uint64_t lost = sdk.provider().ledger().dropped_by(DropReason::kRingFull);
  EXPECT_GE(lost, 1U);
  EXPECT_THAT(said.lines(), ElementsAre(AllOf(HasSubstr(std::to_string(lost) + " span"), HasSubstr("the ring between"),
                                              HasSubstr("2 MiB at most, 256 MiB for all threads"))));
}

}  // namespace
}  // namespace nanospan::sdk
