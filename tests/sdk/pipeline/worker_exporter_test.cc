// Exporters that block, hang, throw or answer late, on the worker's thread. The clock is the test's; the only waiting
// is for the worker to say that it has finished something.
#include "sdk/pipeline/worker_exporter.h"

#include <poll.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nanospan/diagnostics.h>

#include "tests/support/fake_clock.h"
#include "tests/support/fake_span_batch.h"

namespace nanospan::sdk {
namespace {

using testing::fake_batch;
using testing::FakeClock;

constexpr std::uint64_t kSecond = base::kNanosPerSecond;

// Holds each call until the test lets it go.
class Gate {
 public:
  void enter(std::size_t spans) {
    std::unique_lock lock(mutex_);
    seen_.push_back(spans);
    ++inside_;
    most_inside_ = std::max(most_inside_, inside_);
    changed_.notify_all();
    changed_.wait(lock, [&] { return tickets_ > 0; });
    --tickets_;
    --inside_;
  }
  void let_go(int calls = 1) {
    const std::lock_guard lock(mutex_);
    tickets_ += calls;
    changed_.notify_all();
  }
  void wait_for_calls(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return seen_.size() >= count; });
  }
  std::vector<std::size_t> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  int most_inside() {
    const std::lock_guard lock(mutex_);
    return most_inside_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::size_t> seen_;
  int tickets_ = 0, inside_ = 0, most_inside_ = 0;
};

class GatedExporter final : public SpanExporter {
 public:
  explicit GatedExporter(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}
  ExportResult export_spans(const SpanBatch& batch) override {
    gate_->enter(batch.span_count());
    if (batch.span_count() == kThrows) throw std::runtime_error("broken");
    if (batch.span_count() == kThrowsOddly) throw 42;
    if (batch.span_count() == kFails) return ExportResult::failed();
    if (batch.span_count() == kRejects) return {.success = true, .rejected = 5};
    return {};
  }
  FlushResult flush(std::uint64_t timeout_ms) override {
    gate_->enter(kFlush + timeout_ms);
    return FlushResult::kSuccess;
  }
  void shutdown(std::uint64_t timeout_ms) override { gate_->enter(kShutdown + timeout_ms); }
  static constexpr std::size_t kFlush = 1'000'000, kShutdown = 2'000'000;
  static constexpr std::size_t kThrows = 13, kThrowsOddly = 42, kFails = 43, kRejects = 44;

 private:
  std::shared_ptr<Gate> gate_;
};

class WorkerExporterTest : public ::testing::Test {
 protected:
  WorkerExporterTest() {
    set_error_handler([said = said_](std::string_view, std::string_view line) { said->emplace_back(line); });
  }
  ~WorkerExporterTest() override {
    gate_->let_go(1000);
    worker_.reset();
    set_error_handler(nullptr);
  }

  void start(std::size_t spans) {
    worker_->start_export(fake_batch(spans), base::Deadline::after(clock_, kSecond),
                          [this, spans](ExportResult result) { answers_.emplace_back(spans, result); });
  }
  // Waits until the worker has finished a call, then takes it in.
  void poll_when_readable() {
    pollfd fd{worker_->pollable_fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&fd, 1, -1), 1);
    worker_->poll_once();
  }

  FakeClock clock_;
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  std::unique_ptr<AsyncExporter> worker_ = make_worker_exporter(std::make_shared<GatedExporter>(gate_), clock_);
  std::vector<std::pair<std::size_t, ExportResult>> answers_;
  std::shared_ptr<std::vector<std::string>> said_ = std::make_shared<std::vector<std::string>>();
};

TEST_F(WorkerExporterTest, AnswersFromPollOnceOnly) {
  EXPECT_EQ(worker_->pollable_fd(), -1) << "no thread before the first batch";
  start(3);
  EXPECT_EQ(worker_->next_timer(), clock_.monotonic_now() + kSecond);
  gate_->let_go();
  pollfd fd{worker_->pollable_fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&fd, 1, -1), 1);
  EXPECT_TRUE(answers_.empty());
  worker_->poll_once();
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_TRUE(answers_[0].second.success);
  EXPECT_EQ(worker_->next_timer(), base::kNever);
  EXPECT_EQ(::poll(&fd, 1, 0), 0) << "and nothing is left to do";
}

// trace/sdk.md "Export(batch)": "Export() MUST NOT be called concurrently ... for the same exporter instance".
TEST_F(WorkerExporterTest, CallsNeverOverlapAndKeepTheirOrder) {
  for (std::size_t i = 1; i <= 5; ++i) start(i);
  gate_->let_go(5);
  while (answers_.size() < 5) poll_when_readable();
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(answers_[i].first, i + 1);
  EXPECT_EQ(gate_->most_inside(), 1);
}

TEST_F(WorkerExporterTest, WhatTheExporterThrowsIsAFailure) {
  gate_->let_go(3);
  start(GatedExporter::kThrows);
  start(GatedExporter::kThrowsOddly);
  start(1);
  while (answers_.size() < 3) poll_when_readable();
  EXPECT_FALSE(answers_[0].second.success);
  EXPECT_EQ(answers_[0].second.reason, DropReason::kExportFailed);
  EXPECT_FALSE(answers_[1].second.success);
  EXPECT_TRUE(answers_[2].second.success) << "the worker goes on";
}

TEST_F(WorkerExporterTest, SpansThatTheExporterDropsAreNotLostWithoutAWord) {
  gate_->let_go(2);
  start(GatedExporter::kFails);
  start(GatedExporter::kRejects);
  while (answers_.size() < 2) poll_when_readable();
  EXPECT_EQ(*said_, (std::vector<std::string>{"an exporter dropped 43 of 43 spans: export_failed",
                                              "an exporter dropped 5 of 44 spans: rejected"}));
}

TEST_F(WorkerExporterTest, ACallPastItsDeadlineIsLostAndWhatWaitsBehindItIsNeverExported) {
  start(1);
  start(2);
  gate_->wait_for_calls(1);
  clock_.advance(kSecond);
  worker_->poll_once();
  ASSERT_EQ(answers_.size(), 2U);
  for (const auto& [spans, result] : answers_) {
    EXPECT_FALSE(result.success);
    EXPECT_EQ(result.reason, DropReason::kExportTimeout);
  }
  start(3);
  ASSERT_EQ(answers_.size(), 3U) << "nothing is queued behind a call that hangs";
  EXPECT_EQ(answers_[2].second.reason, DropReason::kExportTimeout);

  gate_->let_go();
  poll_when_readable();
  EXPECT_EQ(answers_.size(), 3U) << "the late answer is not a second one";
  start(4);
  gate_->let_go();
  poll_when_readable();
  ASSERT_EQ(answers_.size(), 4U);
  EXPECT_TRUE(answers_[3].second.success) << "an exporter that came back is used again";
  EXPECT_EQ(gate_->seen(), (std::vector<std::size_t>{1, 4}));
}

TEST_F(WorkerExporterTest, AbandonAnswersEverythingOnceAndLeavesTheHangingCallAlone) {
  start(1);
  start(2);
  gate_->wait_for_calls(1);
  worker_->abandon(DropReason::kShutdown);
  ASSERT_EQ(answers_.size(), 2U);
  for (const auto& [spans, result] : answers_) EXPECT_EQ(result.reason, DropReason::kShutdown);
  worker_->abandon(DropReason::kShutdown);
  gate_->let_go();
  worker_->poll_once();
  EXPECT_EQ(answers_.size(), 2U);
  EXPECT_EQ(gate_->seen(), std::vector<std::size_t>{1});
}

// trace/sdk.md "Span Exporter": flush and shutdown are calls of the same exporter instance; none overlaps an export.
TEST_F(WorkerExporterTest, FlushAndShutdownWaitForTheirTurnAndGetWhatIsLeftOfTheDeadline) {
  FlushResult flushed = FlushResult::kFailure;
  start(1);
  worker_->start_flush(base::Deadline::after(clock_, kSecond), [&](FlushResult result) { flushed = result; });
  gate_->wait_for_calls(1);
  gate_->let_go(2);
  while (flushed != FlushResult::kSuccess) poll_when_readable();
  worker_->start_flush(base::Deadline::never(), [&](FlushResult result) { flushed = result; });
  gate_->let_go(2);
  std::promise<FlushResult> ended;
  worker_->start_shutdown(base::Deadline::never(), [&](FlushResult result) { ended.set_value(result); });
  EXPECT_EQ(ended.get_future().get(), FlushResult::kSuccess);
  EXPECT_EQ(gate_->seen(), (std::vector<std::size_t>{1, GatedExporter::kFlush + 1001, GatedExporter::kFlush,
                                                     GatedExporter::kShutdown}));
  EXPECT_EQ(gate_->most_inside(), 1);
}

TEST_F(WorkerExporterTest, AFlushPastItsDeadlineIsATimeoutAndTheNextExportWaitsForIt) {
  start(1);
  gate_->let_go();
  while (answers_.empty()) poll_when_readable();
  FlushResult flushed = FlushResult::kSuccess;
  worker_->start_flush(base::Deadline::after(clock_, kSecond), [&](FlushResult result) { flushed = result; });
  gate_->wait_for_calls(2);
  clock_.advance(kSecond);
  worker_->poll_once();
  EXPECT_EQ(flushed, FlushResult::kTimeout);
  start(2);
  EXPECT_EQ(answers_.size(), 1U) << "a slow flush costs no batch";
  gate_->let_go(2);
  while (answers_.size() < 2) poll_when_readable();
  EXPECT_TRUE(answers_[1].second.success);
  EXPECT_EQ(gate_->most_inside(), 1);
}

TEST_F(WorkerExporterTest, AShutdownBehindAHangingExportComesWhenThatReturnsAndOnce) {
  std::promise<FlushResult> ended;
  start(1);
  start(2);
  gate_->wait_for_calls(1);
  worker_->abandon(DropReason::kShutdown);
  worker_->start_shutdown(base::Deadline::never(), [&](FlushResult result) { ended.set_value(result); });
  worker_.reset();
  gate_->let_go(2);
  EXPECT_EQ(ended.get_future().get(), FlushResult::kSuccess);
  EXPECT_EQ(gate_->seen(), (std::vector<std::size_t>{1, GatedExporter::kShutdown}));
  EXPECT_EQ(gate_->most_inside(), 1);
}

TEST_F(WorkerExporterTest, AnExporterThatNeverGotAnythingIsShutDownToo) {
  FlushResult flushed = FlushResult::kFailure;
  worker_->start_flush(base::Deadline::never(), [&](FlushResult result) { flushed = result; });
  EXPECT_EQ(flushed, FlushResult::kSuccess);
  std::promise<FlushResult> ended;
  gate_->let_go();
  worker_->start_shutdown(base::Deadline::never(), [&](FlushResult result) { ended.set_value(result); });
  EXPECT_EQ(ended.get_future().get(), FlushResult::kSuccess);
  EXPECT_EQ(gate_->seen(), (std::vector<std::size_t>{GatedExporter::kShutdown}));
}

TEST_F(WorkerExporterTest, MayBeDestroyedWhileACallHangs) {
  start(1);
  gate_->wait_for_calls(1);
  worker_.reset();
  EXPECT_TRUE(answers_.empty()) << "its owner asks with abandon()";
}

}  // namespace
}  // namespace nanospan::sdk
