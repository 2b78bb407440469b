// One batch to several consumers: shared, joined, and refused as a whole when one has no room.
#include "gateway/pipeline/fan_out.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tests/gateway/sample_traces.h"

namespace nanospan::gateway {
namespace {

class FakeConsumer final : public Consumer {
 public:
  Room room_for(const Batch&) const override { return room; }
  void consume(BatchRef batch, Completion done) override {
    seen.push_back(std::move(batch));
    if (room == Room::kYes) {
      pending = std::move(done);
    } else {
      done(room == Room::kNever ? Outcome::permanent("b: too large") : Outcome::retry("full", 5));
    }
  }
  Room room = Room::kYes;
  std::vector<BatchRef> seen;
  Completion pending;
};

class FanOutTest : public ::testing::Test {
 protected:
  void consume() {
    fan_out_.consume(batch_, [this](Outcome outcome) { outcomes_.push_back(std::move(outcome)); });
  }
  FakeConsumer a_, b_;
  FanOut fan_out_{{&a_, &b_}};
  BatchRef batch_ = testing::sample_batch();
  std::vector<Outcome> outcomes_;
};

TEST_F(FanOutTest, ReplacedConsumersGetWhatComesLater) {
  consume();
  fan_out_.replace({&b_});
  consume();
  EXPECT_EQ(a_.seen.size(), 1u);
  EXPECT_EQ(b_.seen.size(), 2u);
  fan_out_.replace({});
  EXPECT_EQ(fan_out_.room_for(*batch_), Room::kNotNow);
  consume();
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(outcomes_[0].kind, Outcome::Kind::kRetry);
}

TEST_F(FanOutTest, AcceptedOnceAllAccepted) {
  consume();
  EXPECT_EQ(a_.seen.at(0).get(), b_.seen.at(0).get());  // The same bytes, not copies.
  a_.pending(Outcome::accepted());
  EXPECT_TRUE(outcomes_.empty());
  b_.pending(Outcome::accepted());
  EXPECT_EQ(outcomes_.at(0).kind, Outcome::Kind::kAccepted);
}

TEST_F(FanOutTest, TheOutcomeThatAsksMostWins) {
  consume();
  a_.pending(Outcome::retry("later", 7));
  b_.pending(Outcome::permanent("never"));
  EXPECT_EQ(outcomes_.at(0).kind, Outcome::Kind::kRetry);
  EXPECT_EQ(outcomes_.at(0).retry_after_nanos, 7u);
}

TEST_F(FanOutTest, OneWithoutRoomRefusesForAllBeforeAnyGetsIt) {
  b_.room = Room::kNotNow;
  consume();
  EXPECT_TRUE(a_.seen.empty());
  EXPECT_EQ(outcomes_.at(0).kind, Outcome::Kind::kRetry);
  EXPECT_EQ(fan_out_.room_for(*batch_), Room::kNotNow);
}

// Its loss is in its own ledger; the others still get it, and the sender must not send again.
TEST_F(FanOutTest, OneThatRefusesForGoodKeepsNobodyElseFromIt) {
  consume();
  a_.pending(Outcome::permanent("a: bad request"));
  EXPECT_TRUE(outcomes_.empty());
  b_.pending(Outcome::accepted());
  EXPECT_EQ(outcomes_.at(0).kind, Outcome::Kind::kAccepted);
  EXPECT_EQ(outcomes_.at(0).rejected_spans, 0u);
  EXPECT_EQ(outcomes_.at(0).message, "a: bad request");
}

TEST_F(FanOutTest, OneThatCanNeverTakeItDoesNotRefuseForAll) {
  b_.room = Room::kNever;
  consume();
  ASSERT_EQ(a_.seen.size(), 1u);
  EXPECT_EQ(b_.seen.size(), 1u) << "it counts the refusal itself";
  a_.pending(Outcome::accepted());
  EXPECT_EQ(outcomes_.at(0).kind, Outcome::Kind::kAccepted);
  EXPECT_EQ(outcomes_.at(0).message, "b: too large");
  EXPECT_EQ(fan_out_.room_for(*batch_), Room::kYes);
}

TEST_F(FanOutTest, RefusedForGoodByAllIsRefusedForGood) {
  consume();
  a_.pending(Outcome::permanent("a: bad request"));
  b_.pending(Outcome::permanent("b: unknown"));
  EXPECT_EQ(outcomes_.at(0).kind, Outcome::Kind::kPermanent);
  EXPECT_EQ(outcomes_.at(0).message, "a: bad request; b: unknown");
}

TEST_F(FanOutTest, RejectedIsWhatNobodyTook) {
  consume();
  a_.pending(Outcome::partial(5, "a: five too old"));
  b_.pending(Outcome::partial(2, "b: two too old"));
  EXPECT_EQ(outcomes_.at(0).kind, Outcome::Kind::kAccepted);
  EXPECT_EQ(outcomes_.at(0).rejected_spans, 2u);
}

TEST(MemoryBudget, AShareIsExactAndOfTheLargestBudgetToo) {
  MemoryBudget budget(7);
  budget.set_percent(50);
  EXPECT_EQ(budget.take_up_to(100), 3u);
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  MemoryBudget boundless(kMost);
  EXPECT_FALSE(boundless.is_throttled());
  boundless.set_percent(50);
  EXPECT_TRUE(boundless.is_throttled());
  EXPECT_EQ(boundless.take_up_to(kMost), kMost / 2);
  boundless.set_percent(MemoryBudget::kAll);
  EXPECT_EQ(boundless.take_up_to(kMost), kMost - kMost / 2);
}

TEST(MemoryBudget, ChargesAreGivenBack) {
  MemoryBudget budget(100);
  {
    BudgetCharge charge(budget);
    EXPECT_TRUE(charge.grow_to(60));
    EXPECT_FALSE(charge.grow_to(101));
    EXPECT_EQ(charge.bytes(), 60u);
    BudgetCharge other(budget);
    EXPECT_FALSE(other.grow_to(41));
    EXPECT_TRUE(other.grow_to(40));
    charge = std::move(other);
    EXPECT_EQ(budget.used(), 40u);
    charge.shrink_to(10);
    EXPECT_EQ(budget.used(), 10u);
  }
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_FALSE(BudgetCharge().grow_to(1));
}

TEST(MemoryBudget, APartIsTakenOnlyWhereThereIsRoomForTheWhole) {
  MemoryBudget budget(100);
  BudgetCharge early(budget), late(budget);
  EXPECT_TRUE(early.grow_to(30, 60));
  EXPECT_EQ(budget.used(), 30u) << "no more than the part is charged";
  EXPECT_FALSE(late.grow_to(10, 71));
  EXPECT_TRUE(late.grow_to(10, 70));
  EXPECT_FALSE(late.grow_to(20, 71));
  EXPECT_EQ(late.bytes(), 10u);
  EXPECT_TRUE(early.grow_to(60, 60));
}

// 256 senders of 50 units each began at once in a budget of 1000, and began again as soon as they were refused: of
// 36,000 tries 10 became whole. None had got further than the others, so all the budget was parts.
TEST(MemoryBudget, OfManyThatGrowAtOnceAsManyBecomeWholeAsFit) {
  constexpr std::size_t kSenders = 256, kRounds = 600;
  constexpr std::uint64_t kWhole = 50;
  MemoryBudget budget(20 * kWhole);
  struct Sender {
    BudgetCharge charge;
    std::uint64_t arrived = 0;
  };
  std::vector<Sender> senders(kSenders);
  std::mt19937 random(1);
  std::size_t whole = 0;
  for (std::size_t round = 0; round < kRounds; ++round) {
    std::shuffle(senders.begin(), senders.end(), random);
    for (Sender& sender : senders) {
      const std::uint64_t next = sender.arrived + 1;
      if (sender.arrived == 0) sender.charge = BudgetCharge(budget);
      const bool fits = sender.charge.bytes() >= next ||
                        sender.charge.grow_to(std::max(next, std::min(2 * sender.arrived, kWhole)), kWhole);
      whole += fits && next == kWhole;
      sender.arrived = fits && next < kWhole ? next : 0;
      if (sender.arrived == 0) sender.charge.shrink_to(0);
    }
  }
  EXPECT_GE(whole, 20 * (kRounds / kWhole - 1)) << "20 fit at a time, each takes 50 rounds";
  EXPECT_LE(whole, 20 * kRounds / kWhole);
}

}  // namespace
}  // namespace nanospan::gateway
