// Joining and splitting, by items and by bytes, and who is told what. How queue and processor use it: their own tests.
#include "gateway/pipeline/request_joiner.h"

#include <gtest/gtest.h>

#include "tests/gateway/sample_traces.h"
#include "tests/support/fake_clock.h"
#include "wire/reader.h"

namespace nanospan::gateway {
namespace {

using testing::sample_batch;
using testing::sample_request;

class RequestJoinerTest : public ::testing::Test {
 protected:
  /// Offers a request; its sender's answer goes to outcomes_.
  void append(RequestJoiner& joiner, std::uint64_t spans, bool is_owed = false) {
    const BatchRef batch = sample_batch(spans);
    ASSERT_FALSE(joiner.reserve(*batch));
    const auto senders =
        std::make_shared<RequestJoiner::Senders>([this](Outcome o) { outcomes_.push_back(std::move(o)); });
    EXPECT_EQ(joiner.append(*batch, senders, is_owed, ready_), 0u);
    senders->release();
  }
  std::vector<std::uint64_t> ready_spans() const {
    std::vector<std::uint64_t> spans;
    for (const RequestJoiner::Joined& joined : ready_) spans.push_back(joined.batch->counts().spans);
    return spans;
  }

  nanospan::testing::FakeClock clock_;
  MemoryBudget budget_{64U << 20};
  std::vector<RequestJoiner::Joined> ready_;
  std::vector<Outcome> outcomes_;
};

TEST_F(RequestJoinerTest, JoinsBytesAndChargesThemUntilTheBatchIsGone) {
  RequestJoiner joiner({BatchSizer::kItems, 5, 0}, &budget_, clock_);
  EXPECT_TRUE(joiner.empty());
  append(joiner, 2, true);
  EXPECT_FALSE(joiner.is_full());
  append(joiner, 3);
  EXPECT_TRUE(joiner.is_full());
  {
    const RequestJoiner::Joined joined = joiner.cut();
    EXPECT_EQ(joined.batch->bytes(), sample_request(2) + sample_request(3));
    EXPECT_EQ(joined.owed_items, 2u);
    EXPECT_GE(budget_.used(), joined.batch->bytes().size());
    RequestJoiner::answer(joined.waiting, Outcome::partial(4, "too old"));
  }
  EXPECT_EQ(budget_.used(), 0u);
  EXPECT_TRUE(joiner.empty());
  ASSERT_EQ(outcomes_.size(), 2u);
  EXPECT_EQ(outcomes_[0].rejected_spans, 2u) << "the first are told, so that the sum is right";
  EXPECT_EQ(outcomes_[1].rejected_spans, 2u);
}

TEST_F(RequestJoinerTest, ASplitRequestIsAnsweredOnceAllPartsAre) {
  RequestJoiner joiner({BatchSizer::kItems, 4, 4}, nullptr, clock_);
  append(joiner, 1);
  append(joiner, 9);
  EXPECT_EQ(ready_spans(), (std::vector<std::uint64_t>{4, 4}));
  RequestJoiner::answer(ready_[0].waiting, Outcome::accepted());
  RequestJoiner::answer(ready_[1].waiting, Outcome::permanent("no"));
  ASSERT_EQ(outcomes_.size(), 1u) << "the one that is in the first part only";
  RequestJoiner::answer(joiner.cut().waiting, Outcome::accepted());
  ASSERT_EQ(outcomes_.size(), 2u);
  EXPECT_EQ(outcomes_[1].kind, Outcome::Kind::kAccepted);
  EXPECT_EQ(outcomes_[1].rejected_spans, 4u);
}

TEST_F(RequestJoinerTest, BytesAreSplitBetweenItemsAndWhatIsLargerGoesAlone) {
  const std::uint64_t one = sample_batch(1)->bytes().size(), three = sample_batch(3)->bytes().size();
  RequestJoiner joiner({BatchSizer::kBytes, three + one, three + one}, nullptr, clock_);
  append(joiner, 1);
  append(joiner, 6);
  std::uint64_t spans = joiner.items();
  for (const RequestJoiner::Joined& joined : ready_) {
    EXPECT_LE(joined.batch->bytes().size(), three + one);
    spans += joined.batch->counts().spans;
  }
  EXPECT_EQ(spans, 7u);
  RequestJoiner tiny({BatchSizer::kBytes, 1, 1}, nullptr, clock_);
  ready_.clear();
  append(tiny, 3);
  EXPECT_EQ(ready_spans(), (std::vector<std::uint64_t>{1, 1}));
  EXPECT_EQ(tiny.items(), 1u);
}

TEST_F(RequestJoinerTest, AResourceIsNotRepeatedWithoutEnd) {
  const auto large = std::make_shared<const Batch>(
      net::ByteBlock::copy_of([] {
        std::string resource, request, attribute(100'000, 'x');
        wire::Appender(resource).bytes_field(wire::otlp::ResourceSpans::kSchemaUrl, attribute);
        const std::string spans = sample_request(100);
        wire::Reader top(spans);
        top.next();
        resource += top.bytes();
        wire::Appender(request).bytes_field(wire::otlp::ExportTraceServiceRequest::kResourceSpans, resource);
        return request;
      }()),
      std::nullopt, SpanCounts{1, 1, 100}, BudgetCharge());
  RequestJoiner joiner({BatchSizer::kItems, 1, 1}, nullptr, clock_);
  const std::optional<Outcome> refusal = joiner.reserve(*large);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->kind, Outcome::Kind::kPermanent);
  EXPECT_NE(refusal->message.find("would repeat its resource"), std::string::npos) << refusal->message;
}

}  // namespace
}  // namespace nanospan::gateway
