// The queue's promises under a fake clock: bounds, retries, the ledger, the drain. The sender is scripted.
#include "gateway/queue/export_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <thread>

#include "tests/gateway/sample_traces.h"
#include "tests/support/fake_clock.h"

namespace nanospan::gateway {
namespace {

using base::kNanosPerSecond;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::sample_batch;

/// Answers each attempt with the next scripted result; without one it keeps the attempt pending.
class ScriptedSender final : public Sender {
 public:
  struct Script {
    std::deque<SendResult> results;
    std::deque<Done> pending;
    std::vector<std::uint64_t> sent_spans;
    std::size_t attempts = 0;
    std::size_t pending_max = 0;
  };
  explicit ScriptedSender(Script& script) : script_(script) {}
  void send(BatchRef batch, base::Deadline, Done done) override {
    ++script_.attempts;
    script_.sent_spans.push_back(batch->counts().spans);
    if (!script_.results.empty()) {
      const SendResult result = script_.results.front();
      script_.results.pop_front();
      return done(result);
    }
    script_.pending.push_back(std::move(done));
    script_.pending_max = std::max(script_.pending_max, script_.pending.size());
  }

 private:
  Script& script_;
};

SendResult sent() { return {}; }
SendResult retry(std::uint64_t after = 0) { return {SendResult::Kind::kRetry, "refused_for_now", "busy", after, 0}; }
SendResult final_failure() { return {SendResult::Kind::kPermanent, "client_error", "bad request", 0, 0}; }

class ExportQueueTest : public ::testing::Test {
 protected:
  ExportQueueTest() {
    options_.exporter = "test";
    options_.retry.randomization_factor = 0;
    loop_ = std::make_unique<net::EventLoop>(clock_, net::make_epoll_poller().value());
  }
  ExportQueue& queue() {
    if (!queue_)
      queue_ =
          std::make_unique<ExportQueue>(*loop_, options_, std::make_unique<ScriptedSender>(script_), metrics_, log_);
    return *queue_;
  }
  void offer(std::uint64_t spans) {
    queue().offer(sample_batch(spans), [this](Outcome outcome) { outcomes_.push_back(std::move(outcome)); });
  }
  void run() {
    for (int i = 0; i < 20; ++i) loop_->poll_once();
  }
  void advance(std::uint64_t nanos) {
    clock_.advance(nanos);
    run();
  }
  /// Completes the oldest pending attempt.
  void answer(const SendResult& result) {
    const Sender::Done done = std::move(script_.pending.front());
    script_.pending.pop_front();
    done(result);
    run();
  }
  void expect_balanced() {
    const ExportQueue::Ledger l = queue().ledger();
    EXPECT_EQ(l.enqueued, l.sent + l.failed + l.queued);
  }

  nanospan::testing::FakeClock clock_;
  std::string logged_;
  Log log_{clock_, LogLevel::kInfo, [this](std::string_view line) { logged_ += line; }};
  MetricsRegistry metrics_;
  ExportQueueOptions options_;
  ScriptedSender::Script script_;
  std::unique_ptr<net::EventLoop> loop_;
  std::unique_ptr<ExportQueue> queue_;
  std::vector<Outcome> outcomes_;
};

TEST_F(ExportQueueTest, AcceptsAtOnceAndSends) {
  script_.results = {sent()};
  offer(3);
  ASSERT_EQ(outcomes_.size(), 1u);  // Before anything was sent: the queue is responsible now.
  EXPECT_EQ(outcomes_[0].kind, Outcome::Kind::kAccepted);
  EXPECT_EQ(queue().ledger().queued, 3u);
  run();
  EXPECT_EQ(queue().ledger().sent, 3u);
  EXPECT_EQ(queue().ledger().queued, 0u);
  expect_balanced();
}

TEST_F(ExportQueueTest, TakesOverAnotherSenderAndItsSettingsAndKeepsWhatItHolds) {
  options_.queue.consumers = 2;
  options_.retry.initial_nanos = 3600 * kNanosPerSecond;
  options_.retry.elapsed_nanos_max = 0;
  script_.results = {retry()};
  for (int i = 0; i < 3; ++i) offer(5);
  run();  // One waits for its next try, one is being sent, one waits.
  ExportQueueOptions changed = options_;
  changed.queue.sizer = QueueSizer::kItems;
  changed.queue.size_max = 100;
  ScriptedSender::Script next;
  next.results = {sent(), sent()};
  {
    ExportQueue other(*loop_, changed, std::make_unique<ScriptedSender>(next), metrics_, log_);
    ASSERT_TRUE(other.start(&queue()).ok());
    queue().take_over(other);
  }
  const auto gauge = [this](const char* name) {
    return metrics_.gauge(name, "", {{"exporter", "test"}, {"data_type", "traces"}}).value();
  };
  EXPECT_EQ(gauge("otelcol_exporter_queue_capacity"), 100u);
  EXPECT_EQ(gauge("otelcol_exporter_queue_size"), 15u);  // In items now.
  run();
  EXPECT_EQ(next.attempts, 2u);  // What waited for its next try needs not wait an hour; then the last one.
  EXPECT_EQ(queue().ledger().sent, 10u);
  answer(sent());  // The old sender finishes what it had in its hands.
  EXPECT_EQ(script_.attempts, 2u);
  EXPECT_EQ(queue().ledger().sent, 15u);
  EXPECT_EQ(gauge("otelcol_exporter_queue_size"), 0u);
  expect_balanced();
  queue_.reset();
  EXPECT_EQ(gauge("otelcol_exporter_queue_capacity"), 0u);
}

TEST_F(ExportQueueTest, RefusesWhenFullAndCountsApart) {
  options_.queue.size_max = 2;
  options_.queue.consumers = 1;
  for (int i = 0; i < 4; ++i) offer(5);
  run();
  ASSERT_EQ(outcomes_.size(), 4u);
  EXPECT_EQ(outcomes_[1].kind, Outcome::Kind::kAccepted);
  EXPECT_EQ(outcomes_[2].kind, Outcome::Kind::kRetry);
  EXPECT_NE(outcomes_[2].message.find("exporter test: the queue is full (2 requests)"), std::string::npos);
  EXPECT_EQ(outcomes_[2].retry_after_nanos, 0u) << "nobody asked for a time: the receiver says one";
  EXPECT_EQ(queue().room_for(*sample_batch()), Room::kNotNow);
  EXPECT_EQ(queue().ledger().enqueued, 10u);
  EXPECT_EQ(queue().ledger().refused, 10u);
  expect_balanced();
  EXPECT_NE(metrics_.render().find("nanospan_exporter_refused_spans{exporter=\"test\",reason=\"queue_full\"} 10"),
            std::string::npos);
}

TEST_F(ExportQueueTest, RefusalsAndFailuresLookTheirCounterUpOnce) {
  options_.queue.size_max = 1;
  options_.retry.enabled = false;
  const auto overload = [this] {
    offer(5);
    for (int i = 0; i < 3; ++i) offer(5);  // refused
    run();
    answer(final_failure());
  };
  overload();
  const std::uint64_t before = metrics_.lookups();
  overload();
  EXPECT_EQ(metrics_.lookups(), before) << "each is under the lock that all share, when there is least time for it";
  EXPECT_EQ(queue().ledger().refused, 30u);
  EXPECT_EQ(queue().ledger().failed, 10u);
}

TEST_F(ExportQueueTest, SizersCountItemsAndBytes) {
  options_.queue.sizer = QueueSizer::kItems;
  options_.queue.size_max = 10;
  offer(6);
  offer(5);
  EXPECT_EQ(outcomes_[1].kind, Outcome::Kind::kRetry);
  offer(11);  // Can never fit: to retry would be of no use.
  EXPECT_EQ(outcomes_[2].kind, Outcome::Kind::kPermanent);
  queue_.reset();
  options_.queue.sizer = QueueSizer::kBytes;
  options_.queue.size_max = sample_batch(2)->bytes().size();
  offer(2);
  offer(1);
  EXPECT_EQ(outcomes_[3].kind, Outcome::Kind::kAccepted);
  EXPECT_EQ(outcomes_[4].kind, Outcome::Kind::kRetry);
}

TEST_F(ExportQueueTest, ConsumersBoundTheFlights) {
  options_.queue.consumers = 2;
  for (int i = 0; i < 5; ++i) offer(1);
  run();
  EXPECT_EQ(script_.pending.size(), 2u);
  while (!script_.pending.empty()) answer(sent());
  EXPECT_EQ(queue().ledger().sent, 5u);
  EXPECT_EQ(script_.pending_max, 2u);
}

TEST_F(ExportQueueTest, BacksOffExponentiallyUntilItSucceeds) {
  script_.results = {retry(), retry(), retry(), sent()};
  offer(1);
  run();
  EXPECT_EQ(script_.attempts, 1u);
  advance(5 * kNanosPerSecond - 1);
  EXPECT_EQ(script_.attempts, 1u);
  advance(1);  // 5 s
  EXPECT_EQ(script_.attempts, 2u);
  advance(7 * kNanosPerSecond);  // 7.5 s
  EXPECT_EQ(script_.attempts, 2u);
  advance(kNanosPerSecond / 2);
  EXPECT_EQ(script_.attempts, 3u);
  advance(12 * kNanosPerSecond);  // 11.25 s
  EXPECT_EQ(script_.attempts, 4u);
  EXPECT_EQ(queue().ledger().sent, 1u);
  expect_balanced();
}

TEST_F(ExportQueueTest, KeepsToRetryAfter) {
  script_.results = {retry(60 * kNanosPerSecond), sent()};
  offer(1);
  run();
  advance(59 * kNanosPerSecond);
  EXPECT_EQ(script_.attempts, 1u);
  EXPECT_EQ(queue().ledger().queued, 1u);
  advance(kNanosPerSecond);
  EXPECT_EQ(queue().ledger().sent, 1u);
}

TEST_F(ExportQueueTest, JitterStaysInsideItsFactor) {
  options_.retry.randomization_factor = 0.5;
  script_.results = {retry(), sent()};
  offer(1);
  run();
  advance(2'499'000'000);
  EXPECT_EQ(script_.attempts, 1u);
  advance(5'002'000'000);
  EXPECT_EQ(script_.attempts, 2u);
}

TEST_F(ExportQueueTest, GivesUpAfterMaxElapsedTimeAndCountsTheReason) {
  options_.retry.elapsed_nanos_max = 12 * kNanosPerSecond;
  script_.results = {retry(), retry()};
  offer(4);
  run();
  advance(5 * kNanosPerSecond);
  EXPECT_EQ(queue().ledger().failed, 4u);  // The next try would come after 12.5 s.
  expect_balanced();
  EXPECT_NE(metrics_.render().find("nanospan_exporter_failed_spans{exporter=\"test\",reason=\"refused_for_now\"} 4"),
            std::string::npos);
  EXPECT_NE(logged_.find("exporter test: lost 4 spans that were acknowledged (4 since the start): busy; given up after "
                         "max_elapsed_time"),
            std::string::npos)
      << logged_;
}

// The first at once, then a line for each reason in ten seconds: none waits for another loss, or says the wrong reason.
TEST_F(ExportQueueTest, LossesAreSaidInTimeByReasonAndAddUpToTheTotal) {
  const SendResult late{SendResult::Kind::kPermanent, "timeout", "no answer in 5s", 0, 0};
  const auto said = [&] { return std::exchange(logged_, ""); };
  const auto lose = [&](std::uint64_t spans, const SendResult& why) {
    script_.results = {why};
    offer(spans);
    run();
  };
  lose(1, final_failure());
  EXPECT_THAT(said(), EndsWith("lost 1 spans that were acknowledged (1 since the start): bad request\n"));
  lose(1109, late);
  lose(1, final_failure());
  lose(1, late);
  advance(10 * kNanosPerSecond - 1);
  EXPECT_EQ(said(), "");
  advance(1);
  const std::string lines = said();
  EXPECT_THAT(lines, HasSubstr("lost 1 spans that were acknowledged (2 since the start): bad request\n"));
  EXPECT_THAT(lines, EndsWith("lost 1110 spans that were acknowledged (1112 since the start): no answer in 5s\n"));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2) << lines;
  advance(10 * kNanosPerSecond);
  EXPECT_EQ(said(), "");
  lose(1, late);  // After a quiet interval: at once again.
  EXPECT_THAT(said(), HasSubstr("lost 1 spans that were acknowledged (1113 since the start)"));
  lose(10'000, late);
  queue().drain(base::Deadline::never(), [] {});
  run();
  EXPECT_THAT(said(), EndsWith("lost 10000 spans that were acknowledged (11113 since the start): no answer in 5s\n"));
}

TEST_F(ExportQueueTest, PermanentFailuresAreNotRetried) {
  script_.results = {final_failure()};
  offer(2);
  run();
  EXPECT_EQ(script_.attempts, 1u);
  EXPECT_EQ(queue().ledger().failed, 2u);
  EXPECT_NE(logged_.find("bad request"), std::string::npos);
  expect_balanced();
}

TEST_F(ExportQueueTest, PartialSuccessIsSplitInTheLedger) {
  script_.results = {{SendResult::Kind::kSent, "", "", 0, 3}};
  offer(10);
  run();
  EXPECT_EQ(queue().ledger().sent, 7u);
  EXPECT_EQ(queue().ledger().failed, 3u);
  expect_balanced();
}

TEST_F(ExportQueueTest, WaitForResultAnswersWithTheFate) {
  options_.queue.wait_for_result = true;
  for (int i = 0; i < 3; ++i) offer(1);
  run();
  EXPECT_TRUE(outcomes_.empty());
  answer(sent());
  answer(final_failure());
  ASSERT_EQ(outcomes_.size(), 2u);
  EXPECT_EQ(outcomes_[0].kind, Outcome::Kind::kAccepted);
  EXPECT_EQ(outcomes_[1].kind, Outcome::Kind::kPermanent);
  EXPECT_EQ(outcomes_[1].message, "exporter test: bad request");
}

TEST_F(ExportQueueTest, WaitForResultTellsWhatTheDestinationRejected) {
  options_.queue.wait_for_result = true;
  offer(5);
  run();
  answer({SendResult::Kind::kSent, "", "two too old", 0, 2});
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(outcomes_[0].kind, Outcome::Kind::kAccepted);
  EXPECT_EQ(outcomes_[0].rejected_spans, 2u);
  EXPECT_EQ(outcomes_[0].message, "exporter test: two too old");
  EXPECT_EQ(queue().ledger().failed, 2u);
}

TEST_F(ExportQueueTest, ABatchLargerThanTheQueueNeverHasRoom) {
  options_.queue.sizer = QueueSizer::kItems;
  options_.queue.size_max = 10;
  EXPECT_EQ(queue().room_for(*sample_batch(10)), Room::kYes);
  EXPECT_EQ(queue().room_for(*sample_batch(11)), Room::kNever);
  options_.queue.block_on_overflow = true;
  EXPECT_EQ(queue().room_for(*sample_batch(11)), Room::kNever);
}

TEST_F(ExportQueueTest, BlockOnOverflowWaitsInsteadOfRefusing) {
  options_.queue.block_on_overflow = true;
  options_.queue.size_max = 1;
  options_.queue.consumers = 1;
  for (int i = 0; i < 3; ++i) offer(1);
  run();
  EXPECT_EQ(outcomes_.size(), 1u);  // The others wait for room.
  EXPECT_EQ(queue().ledger().queued, 3u);
  answer(sent());
  EXPECT_EQ(outcomes_.size(), 2u);
  answer(sent());
  answer(sent());
  EXPECT_EQ(outcomes_.size(), 3u);
  EXPECT_EQ(queue().ledger().sent, 3u);
  expect_balanced();
}

TEST_F(ExportQueueTest, WithoutQueueTheSenderWaitsForTheResult) {
  options_.queue.enabled = false;
  offer(1);
  run();
  EXPECT_TRUE(outcomes_.empty());
  answer(sent());
  EXPECT_EQ(outcomes_.at(0).kind, Outcome::Kind::kAccepted);
}

TEST_F(ExportQueueTest, DrainSendsWhatIsThereAndTakesNothingNew) {
  bool drained = false;
  options_.queue.consumers = 1;
  offer(1);
  offer(1);
  run();
  queue().drain(base::Deadline::after(clock_, 10 * kNanosPerSecond), [&drained] { drained = true; });
  run();
  offer(1);
  EXPECT_EQ(outcomes_.back().kind, Outcome::Kind::kRetry);
  answer(sent());
  EXPECT_FALSE(drained);
  answer(sent());
  EXPECT_TRUE(drained);
  EXPECT_EQ(queue().ledger().sent, 2u);
  expect_balanced();
}

TEST_F(ExportQueueTest, DrainGivesUpAtItsDeadlineAndCounts) {
  bool drained = false;
  options_.queue.consumers = 1;
  options_.queue.wait_for_result = true;
  for (int i = 0; i < 3; ++i) offer(2);
  run();
  queue().drain(base::Deadline::after(clock_, 10 * kNanosPerSecond), [&drained] { drained = true; });
  run();
  advance(10 * kNanosPerSecond);
  EXPECT_TRUE(drained);
  EXPECT_EQ(queue().ledger().failed, 6u);
  EXPECT_EQ(queue().lost_in_drain(), 0u);
  expect_balanced();
  ASSERT_EQ(outcomes_.size(), 3u);
  EXPECT_EQ(outcomes_[0].kind, Outcome::Kind::kRetry);  // Its sender still has it, and keeps it.
  answer(sent());  // The late answer of a flight that was given up changes nothing.
  EXPECT_EQ(queue().ledger().sent, 0u);
}

// "drained, good bye" after losing what was acknowledged is a lie: the log and lost_in_drain() tell.
TEST_F(ExportQueueTest, WhatWasAcknowledgedAndCutOffByTheDrainIsReportedAsLost) {
  bool drained = false;
  options_.queue.consumers = 1;
  script_.results = {retry()};
  for (int i = 0; i < 3; ++i) offer(2);
  run();
  queue().drain(base::Deadline::after(clock_, 3 * kNanosPerSecond), [&drained] { drained = true; });
  run();
  EXPECT_EQ(queue().lost_in_drain(), 0u);
  advance(3 * kNanosPerSecond);
  EXPECT_TRUE(drained);
  EXPECT_EQ(queue().lost_in_drain(), 6u);
  EXPECT_NE(logged_.find("error  exporter test: 6 spans were not sent before the shutdown deadline: 6 of them were "
                         "acknowledged and are lost, of 0 their senders were told; last problem: busy"),
            std::string::npos)
      << logged_;
  expect_balanced();
}

TEST_F(ExportQueueTest, ThousandsOfSynchronousResultsDoNotRecurse) {
  options_.queue.size_max = 100'000;
  options_.queue.consumers = 1;
  for (int i = 0; i < 50'000; ++i) script_.results.push_back(sent());
  for (int i = 0; i < 50'000; ++i) offer(1);
  while (queue().ledger().queued != 0) loop_->poll_once();
  EXPECT_EQ(queue().ledger().sent, 50'000u);
}

TEST_F(ExportQueueTest, OffersFromManyThreadsBalance) {
  options_.queue.size_max = 50;
  for (int i = 0; i < 4000; ++i) script_.results.push_back(i % 7 == 0 ? final_failure() : sent());
  std::atomic<std::uint64_t> accepted{0}, refused{0};
  std::atomic<int> running{4};
  queue();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        queue_->offer(sample_batch(2), [&](const Outcome& outcome) {
          (outcome.kind == Outcome::Kind::kAccepted ? accepted : refused) += 2;
        });
      }
      --running;
    });
  }
  while (running != 0 || queue_->ledger().queued != 0) loop_->poll_once();
  for (std::thread& thread : threads) thread.join();
  expect_balanced();
  EXPECT_EQ(queue().ledger().enqueued, accepted);
  EXPECT_EQ(queue().ledger().refused, refused);
  EXPECT_EQ(accepted + refused, 8000u);
}

// --- sending_queue.batch ---

class ExportQueueBatchTest : public ExportQueueTest {
 protected:
  ExportQueueBatchTest() {
    options_.queue.batch = QueueBatchOptions{200 * base::kNanosPerMilli, {BatchSizer::kItems, 10, 0}};
  }
  std::uint64_t size() {
    return metrics_.gauge("otelcol_exporter_queue_size", "", {{"exporter", "test"}, {"data_type", "traces"}}).value();
  }
};

TEST_F(ExportQueueBatchTest, RequestsFlyTogetherWhenThereAreEnoughOfThem) {
  for (int i = 0; i < 3; ++i) offer(4);
  ASSERT_EQ(outcomes_.size(), 3u) << "they are in the queue";
  run();
  EXPECT_EQ(script_.sent_spans, (std::vector<std::uint64_t>{12}));
  EXPECT_EQ(size(), 3u) << "requests, until their fate is known";
  EXPECT_EQ(queue().ledger().queued, 12u);
  answer(sent());
  EXPECT_EQ(size(), 0u);
  EXPECT_EQ(queue().ledger().sent, 12u);
  expect_balanced();
}

TEST_F(ExportQueueBatchTest, WhatIsTooLittleFliesAfterTheFlushTimeout) {
  script_.results = {sent(), sent()};
  offer(1);
  run();
  advance(100 * base::kNanosPerMilli);
  offer(2);
  advance(99 * base::kNanosPerMilli);
  EXPECT_EQ(script_.attempts, 0u);
  advance(base::kNanosPerMilli);
  EXPECT_EQ(script_.sent_spans, (std::vector<std::uint64_t>{3})) << "since the first of them";
  offer(5);
  run();
  advance(199 * base::kNanosPerMilli);
  EXPECT_EQ(script_.attempts, 1u);
  advance(base::kNanosPerMilli);
  EXPECT_EQ(script_.sent_spans, (std::vector<std::uint64_t>{3, 5}));
  expect_balanced();
}

TEST_F(ExportQueueBatchTest, WaitForResultIsAnsweredWhenTheBatchWas) {
  options_.queue.wait_for_result = true;
  for (int i = 0; i < 2; ++i) offer(5);
  run();
  EXPECT_TRUE(outcomes_.empty());
  answer({SendResult::Kind::kSent, "rejected", "too old", 0, 7});
  ASSERT_EQ(outcomes_.size(), 2u);
  EXPECT_EQ(outcomes_[0].rejected_spans + outcomes_[1].rejected_spans, 7u);
  EXPECT_EQ(outcomes_[0].kind, Outcome::Kind::kAccepted);
  EXPECT_THAT(outcomes_[0].message, HasSubstr("too old"));
  EXPECT_EQ(queue().ledger().sent, 3u);
  EXPECT_EQ(queue().ledger().failed, 7u);
  EXPECT_EQ(logged_, "") << "nothing was acknowledged, so nothing is lost";
  expect_balanced();
}

TEST_F(ExportQueueBatchTest, WhatIsAboveMaxSizeIsSplitAndItsSenderHearsOfAll) {
  options_.queue.wait_for_result = true;
  options_.queue.batch->limits.size_max = 10;
  options_.retry.enabled = false;
  offer(25);
  run();
  EXPECT_EQ(script_.sent_spans, (std::vector<std::uint64_t>{10, 10}));
  answer(sent());
  answer(retry());
  EXPECT_TRUE(outcomes_.empty()) << "five of them wait for others";
  EXPECT_EQ(size(), 1u);
  advance(200 * base::kNanosPerMilli);
  answer(sent());
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(outcomes_[0].kind, Outcome::Kind::kRetry) << "what must be sent again must be so as a whole";
  EXPECT_EQ(queue().ledger().sent, 15u);
  EXPECT_EQ(queue().ledger().failed, 10u);
  EXPECT_EQ(size(), 0u);
  expect_balanced();
}

TEST_F(ExportQueueBatchTest, SizesMayBeBytes) {
  const std::uint64_t request = sample_batch(4)->bytes().size(), one = sample_batch(1)->bytes().size();
  options_.queue.batch->limits = {BatchSizer::kBytes, 2 * request, 2 * request + one / 2};
  for (int i = 0; i < 3; ++i) offer(4);
  run();
  EXPECT_EQ(script_.sent_spans, (std::vector<std::uint64_t>{8}));
  advance(200 * base::kNanosPerMilli);
  EXPECT_EQ(script_.sent_spans, (std::vector<std::uint64_t>{8, 4}));
}

TEST_F(ExportQueueBatchTest, ARefusedRequestIsNoPartOfIt) {
  options_.queue.size_max = 2;
  for (int i = 0; i < 3; ++i) offer(3);
  run();
  ASSERT_EQ(outcomes_.size(), 3u);
  EXPECT_EQ(outcomes_[2].kind, Outcome::Kind::kRetry) << "the open batch is in the queue, too";
  advance(200 * base::kNanosPerMilli);
  EXPECT_EQ(script_.sent_spans, (std::vector<std::uint64_t>{6}));
  answer(sent());
  offer(3);
  EXPECT_EQ(outcomes_[3].kind, Outcome::Kind::kAccepted);
  expect_balanced();
}

TEST_F(ExportQueueBatchTest, BlockedRequestsComeInWhenABatchIsThrough) {
  options_.queue.size_max = 1;
  options_.queue.block_on_overflow = true;
  for (int i = 0; i < 2; ++i) offer(10);
  run();
  EXPECT_EQ(outcomes_.size(), 1u);
  answer(sent());
  EXPECT_EQ(outcomes_.size(), 2u);
  EXPECT_EQ(script_.sent_spans, (std::vector<std::uint64_t>{10, 10}));
}

TEST_F(ExportQueueBatchTest, ABatchThatIsGivenUpIsALossOfAllThatWereAcknowledged) {
  for (int i = 0; i < 2; ++i) offer(5);
  run();
  answer(final_failure());
  EXPECT_EQ(queue().ledger().failed, 10u);
  EXPECT_THAT(logged_, HasSubstr("lost 10 spans that were acknowledged"));
  expect_balanced();
}

TEST_F(ExportQueueBatchTest, ADrainSendsWhatWaitsAtOnce) {
  script_.results = {sent()};
  offer(3);
  run();
  bool drained = false;
  queue().drain(base::Deadline::after(clock_, kNanosPerSecond), [&] { drained = true; });
  run();
  EXPECT_TRUE(drained);
  EXPECT_EQ(queue().ledger().sent, 3u);
  expect_balanced();
}

TEST_F(ExportQueueBatchTest, AtTheDeadlineWhatFliesAndWhatWaitsIsLostExactly) {
  options_.queue.consumers = 1;
  offer(10);
  run();
  for (int i = 0; i < 2; ++i) offer(3);
  bool drained = false;
  queue().drain(base::Deadline::after(clock_, kNanosPerSecond), [&] { drained = true; });
  advance(kNanosPerSecond);
  EXPECT_TRUE(drained);
  EXPECT_EQ(queue().ledger().failed, 16u);
  EXPECT_EQ(queue().lost_in_drain(), 16u);
  EXPECT_EQ(queue().ledger().queued, 0u);
  EXPECT_EQ(size(), 0u);
  expect_balanced();
}

TEST_F(ExportQueueBatchTest, AReloadKeepsWhatWasGatheredAndCountsItInTheNewUnit) {
  offer(3);
  run();
  ExportQueueOptions changed = options_;
  changed.queue.sizer = QueueSizer::kItems;
  changed.queue.batch.reset();
  ScriptedSender::Script next;
  {
    ExportQueue other(*loop_, changed, std::make_unique<ScriptedSender>(next), metrics_, log_);
    queue().take_over(other);
  }
  EXPECT_EQ(size(), 3u);
  run();
  EXPECT_EQ(next.sent_spans, (std::vector<std::uint64_t>{3})) << "without a batch nothing waits for others";
  next.pending.front()(sent());
  run();
  EXPECT_EQ(size(), 0u);
  EXPECT_EQ(queue().ledger().sent, 3u);
  expect_balanced();
  queue_.reset();
}

}  // namespace
}  // namespace nanospan::gateway
