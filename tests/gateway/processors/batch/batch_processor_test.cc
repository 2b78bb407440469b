// The batch processor's promises under a fake clock: when it sends, whom it answers when, and that nothing is lost.
#include "gateway/processors/batch/batch_processor.h"

#include <gtest/gtest.h>

#include "tests/gateway/fake_host.h"
#include "tests/gateway/sample_traces.h"
#include "wire/validate.h"

namespace nanospan::gateway {
namespace {

using base::kNanosPerMilli;
using base::kNanosPerSecond;
using testing::sample_batch;
using testing::sample_request;
using Spans = std::vector<std::uint64_t>;

class BatchProcessorTest : public ::testing::Test {
 protected:
  BatchProcessor& processor() {
    if (!processor_) processor_ = std::make_unique<BatchProcessor>(config_, "batch", Signal::kTraces, host_, next_);
    return *processor_;
  }
  void consume(std::uint64_t spans, const std::string& name = "checkout") {
    processor().consume(sample_batch(spans, name), [this](Outcome o) { outcomes_.push_back(std::move(o)); });
    host_.run();
  }
  void drain(std::uint64_t nanos = 10 * kNanosPerSecond) {
    processor().drain(base::Deadline::after(host_.clock(), nanos), [this] { drained_ = true; });
    host_.run();
  }
  std::uint64_t dropped(std::string_view reason) {
    return host_.counter("nanospan_processor_dropped_items",
                         {{"otel_signal", "traces"}, {"processor", "batch"}, {"reason", reason}});
  }
  /// incoming = outgoing + dropped + held.
  void expect_balanced() {
    const Labels labels = {{"otel_signal", "traces"}, {"processor", "batch"}};
    EXPECT_EQ(host_.counter("otelcol_processor_incoming_items", labels),
              host_.counter("otelcol_processor_outgoing_items", labels) + dropped("refused") + dropped("shutdown") +
                  host_.metrics().gauge("nanospan_processor_held_items", "", labels).value());
  }
  void expect_valid() {
    for (const BatchRef& batch : next_.seen) {
      const wire::WalkResult walk = wire::validate_traces(batch->bytes());
      ASSERT_TRUE(walk.ok()) << walk.fault.text;
      EXPECT_EQ(walk.counts.items, batch->counts().spans);
      EXPECT_EQ(walk.counts.scopes, batch->counts().scopes);
      EXPECT_EQ(walk.counts.resources, batch->counts().resources);
    }
  }

  testing::FakeHost host_;
  testing::FakeNext next_;
  BatchProcessorConfig config_;
  std::vector<Outcome> outcomes_;
  bool drained_ = false;
  std::unique_ptr<BatchProcessor> processor_;
};

TEST_F(BatchProcessorTest, JoinsRequestsAndSendsAfterTheTimeout) {
  consume(1, "a");
  host_.advance(150 * kNanosPerMilli);
  consume(2, "b");
  EXPECT_TRUE(next_.seen.empty());
  host_.advance(49 * kNanosPerMilli);
  EXPECT_TRUE(next_.seen.empty());
  host_.advance(1 * kNanosPerMilli);
  ASSERT_EQ(next_.spans(), Spans{3});
  EXPECT_EQ(next_.seen[0]->bytes(), sample_request(1, "a") + sample_request(2, "b"));
  expect_valid();
  expect_balanced();
}

TEST_F(BatchProcessorTest, HowLargeBatchesWereIsTheCollectorsHistogram) {
  for (int i = 0; i < 11; ++i) consume(1);
  host_.advance(200 * kNanosPerMilli);
  const std::string text = host_.metrics().render();
  for (const char* line : {"otelcol_processor_batch_batch_send_size_bucket{processor=\"batch\",le=\"10\"} 0\n",
                           "otelcol_processor_batch_batch_send_size_bucket{processor=\"batch\",le=\"25\"} 1\n",
                           "otelcol_processor_batch_batch_send_size_sum{processor=\"batch\"} 11\n",
                           "otelcol_processor_batch_metadata_cardinality{processor=\"batch\"} 1\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST_F(BatchProcessorTest, WhatWasAcknowledgedIsKeptWhereALaterRequestInTheSameBatchWaits) {
  consume(1);
  next_.waits = true;  // As an exporter that a reload has changed.
  consume(2);
  EXPECT_EQ(outcomes_.size(), 1u);
  next_.outcome = Outcome::retry("full", kNanosPerSecond);
  host_.advance(200 * kNanosPerMilli);
  EXPECT_EQ(outcomes_.size(), 1u);
  next_.outcome = Outcome::accepted();
  host_.advance(kNanosPerSecond);
  ASSERT_EQ(outcomes_.size(), 2u);
  EXPECT_EQ(outcomes_[1].kind, Outcome::Kind::kAccepted);
  EXPECT_EQ(next_.spans(), (Spans{3, 3}));  // Offered twice.
  EXPECT_EQ(dropped("refused"), 0u);
  expect_balanced();
}

TEST_F(BatchProcessorTest, MetricsAreSplitBetweenDataPoints) {
  config_.send_spans = config_.send_spans_max = 2;
  processor().consume(testing::sample_metrics(5), [](const Outcome&) {});
  host_.advance(200 * kNanosPerMilli);
  EXPECT_EQ(next_.spans(), (Spans{2, 2, 1}));
  EXPECT_EQ(next_.seen[0]->signal(), Signal::kMetrics);
}

TEST_F(BatchProcessorTest, AFullBatchIsSentAtOnceAndTheTimeoutOfTheNextIsItsOwn) {
  config_.send_spans = 10;
  consume(4);
  host_.advance(150 * kNanosPerMilli);
  consume(6);
  EXPECT_EQ(next_.spans(), Spans{10});
  consume(1);
  host_.advance(199 * kNanosPerMilli);
  EXPECT_EQ(next_.spans(), Spans{10});
  host_.advance(1 * kNanosPerMilli);
  EXPECT_EQ(next_.spans(), (Spans{10, 1}));
}

TEST_F(BatchProcessorTest, ATimeoutOfZeroSendsEachRequest) {
  config_.timeout_nanos = 0;
  consume(1);
  consume(2);
  EXPECT_EQ(next_.spans(), (Spans{1, 2}));
}

TEST_F(BatchProcessorTest, LargerThanTheMaximumIsSplitAtSpans) {
  config_.send_spans = 4;
  config_.send_spans_max = 5;
  consume(3);
  consume(13);
  EXPECT_EQ(next_.spans(), (Spans{5, 5, 5}));
  host_.advance(200 * kNanosPerMilli);
  EXPECT_EQ(next_.spans(), (Spans{5, 5, 5, 1}));
  expect_valid();
  expect_balanced();
}

TEST_F(BatchProcessorTest, AnswersAtOnceWhereNobodyWaitsForResults) {
  consume(1);
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(outcomes_[0].kind, Outcome::Kind::kAccepted);
  EXPECT_FALSE(processor().waits_for_result());
}

TEST_F(BatchProcessorTest, AnswersWithTheResultWhereTheNextWaitsForIt) {
  next_.waits = next_.holds = true;
  consume(1);
  consume(2);
  host_.advance(200 * kNanosPerMilli);
  EXPECT_TRUE(outcomes_.empty());
  next_.answer(Outcome::partial(2, "two too old"));
  ASSERT_EQ(outcomes_.size(), 2u);
  EXPECT_EQ(outcomes_[0].rejected_spans + outcomes_[1].rejected_spans, 2u);
  EXPECT_EQ(outcomes_[0].message, "two too old");
  expect_balanced();
}

TEST_F(BatchProcessorTest, ASplitRequestIsAnsweredOnceWithWhatAsksMost) {
  next_.waits = next_.holds = true;
  config_.send_spans = config_.send_spans_max = 5;
  consume(15);
  ASSERT_EQ(next_.spans(), (Spans{5, 5, 5}));
  next_.answer(Outcome::accepted());
  next_.answer(Outcome::retry("later", 7));
  EXPECT_TRUE(outcomes_.empty());
  next_.answer(Outcome::permanent("never"));
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(outcomes_[0].kind, Outcome::Kind::kRetry);
  EXPECT_EQ(outcomes_[0].retry_after_nanos, 7u);
  EXPECT_EQ(dropped("refused"), 10u) << "their sender was told";
  expect_balanced();
}

TEST_F(BatchProcessorTest, APartRefusedForGoodIsRejected) {
  next_.waits = next_.holds = true;
  config_.send_spans = config_.send_spans_max = 5;
  consume(10);
  next_.answer(Outcome::accepted());
  next_.answer(Outcome::permanent("too old"));
  EXPECT_EQ(outcomes_.at(0).kind, Outcome::Kind::kAccepted);
  EXPECT_EQ(outcomes_.at(0).rejected_spans, 5u);
}

TEST_F(BatchProcessorTest, WhatWasAcknowledgedIsKeptAndOfferedAgain) {
  config_.send_spans = 10;
  next_.outcome = Outcome::retry("queue full", 3 * kNanosPerSecond);
  consume(10);
  consume(6);
  EXPECT_EQ(next_.spans(), Spans{10});
  consume(6);
  EXPECT_EQ(processor().room_for(*sample_batch(1)), Room::kNotNow);
  consume(1);
  ASSERT_EQ(outcomes_.size(), 4u);
  EXPECT_EQ(outcomes_[2].kind, Outcome::Kind::kAccepted);
  EXPECT_EQ(outcomes_[3].kind, Outcome::Kind::kRetry) << "one batch waits, one is full: no more";
  expect_balanced();
  host_.advance(3 * kNanosPerSecond - 1);
  EXPECT_EQ(next_.spans(), Spans{10});
  next_.outcome = Outcome::accepted();
  host_.advance(1);
  EXPECT_EQ(next_.spans(), (Spans{10, 10, 12}));
  EXPECT_EQ(dropped("refused"), 0u);
  expect_balanced();
  consume(1);
  EXPECT_EQ(outcomes_.back().kind, Outcome::Kind::kAccepted);
}

TEST_F(BatchProcessorTest, ManyPartsThatAreRefusedAreTheLastThatIsTaken) {
  config_.send_spans = config_.send_spans_max = 5;
  next_.outcome = Outcome::retry("queue full");
  consume(21);
  consume(1);
  EXPECT_EQ(outcomes_.at(0).kind, Outcome::Kind::kAccepted);
  EXPECT_EQ(outcomes_.at(1).kind, Outcome::Kind::kRetry);
  next_.outcome = Outcome::accepted();
  host_.advance(kNanosPerSecond);
  EXPECT_EQ(next_.spans(), (Spans{5, 5, 5, 5, 5, 5, 5, 5, 1}));
  expect_balanced();
}

TEST_F(BatchProcessorTest, WhatIsRefusedForGoodIsCounted) {
  next_.outcome = Outcome::permanent("bad");
  consume(3);
  host_.advance(kNanosPerSecond);
  EXPECT_EQ(dropped("refused"), 3u);
  EXPECT_NE(host_.logged().find("bad"), std::string::npos);
  expect_balanced();
}

TEST_F(BatchProcessorTest, TheDrainSendsWhatIsOpen) {
  consume(3);
  drain();
  EXPECT_EQ(next_.spans(), Spans{3});
  EXPECT_TRUE(drained_);
  expect_balanced();
}

TEST_F(BatchProcessorTest, TheDrainWaitsForResultsAndEndsAtItsDeadline) {
  next_.waits = next_.holds = true;
  consume(3);
  drain();
  EXPECT_FALSE(drained_);
  next_.answer(Outcome::accepted());
  EXPECT_TRUE(drained_);
  host_.advance(20 * kNanosPerSecond);
}

TEST_F(BatchProcessorTest, WhatCannotBeSentBeforeTheDeadlineIsCounted) {
  next_.outcome = Outcome::retry("down");
  consume(3);
  host_.advance(kNanosPerSecond);
  consume(2);
  drain();
  EXPECT_FALSE(drained_);
  host_.advance(10 * kNanosPerSecond);
  EXPECT_TRUE(drained_);
  EXPECT_EQ(dropped("shutdown"), 5u);
  expect_balanced();
}

TEST_F(BatchProcessorTest, MemoryIsChargedWhileHeldAndGivenBack) {
  consume(1000);
  EXPECT_GE(host_.budget().used(), sample_request(1000).size());
  host_.advance(kNanosPerSecond);
  next_.seen.clear();
  EXPECT_EQ(host_.budget().used(), 0u);
}

// A sender chooses the size of a resource and the number of spans under it: their product must not be written.
TEST_F(BatchProcessorTest, ALargeResourceIsNotRepeatedWithoutBound) {
  config_.send_spans = config_.send_spans_max = 1;
  namespace otlp = wire::otlp;
  std::string scope, resource, request;
  for (int i = 0; i < 1000; ++i) wire::Appender(scope).bytes_field(otlp::ScopeSpans::kSpans, "");
  wire::Appender(resource).bytes_field(otlp::ResourceSpans::kSchemaUrl, std::string(100'000, 'x'));
  wire::Appender(resource).bytes_field(otlp::ResourceSpans::kScopeSpans, scope);
  wire::Appender(request).bytes_field(otlp::ExportTraceServiceRequest::kResourceSpans, resource);
  processor().consume(std::make_shared<const Batch>(net::ByteBlock::copy_of(request), std::nullopt,
                                                    SpanCounts{1, 1, 1000}, BudgetCharge()),
                      [this](Outcome o) { outcomes_.push_back(std::move(o)); });
  EXPECT_EQ(outcomes_.at(0).kind, Outcome::Kind::kPermanent);
  EXPECT_TRUE(next_.seen.empty());
}

}  // namespace
}  // namespace nanospan::gateway
