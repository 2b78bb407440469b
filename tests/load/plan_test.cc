#include "load/plan.h"

#include <gtest/gtest.h>

namespace nanospan::load {
namespace {

constexpr std::uint64_t kSecond = base::kNanosPerSecond;
using Kind = Plan::Kind;

TEST(Plan, GoesInStraightLinesFromStageToStage) {
  const Plan plan(Kind::kUsers, {{30 * kSecond, 100}, {60 * kSecond, 100}, {30 * kSecond, 0}});
  EXPECT_EQ(plan.nanos(), 120 * kSecond);
  EXPECT_EQ(plan.peak(), 100);
  EXPECT_EQ(plan.target_at(0), 0);
  EXPECT_EQ(plan.target_at(15 * kSecond), 50);
  EXPECT_EQ(plan.target_at(60 * kSecond), 100);
  EXPECT_EQ(plan.target_at(105 * kSecond), 50);
  EXPECT_EQ(plan.target_at(120 * kSecond), 0) << "it is over";
}

TEST(Plan, AStageWithoutTimeIsAJump) {
  const Plan plan(Kind::kUsers, {{0, 8}, {kSecond, 8}, {0, 2}, {kSecond, 2}});
  EXPECT_EQ(plan.target_at(0), 8);
  EXPECT_EQ(plan.target_at(kSecond - 1), 8);
  EXPECT_EQ(plan.target_at(kSecond), 2);
}

TEST(Plan, AtAConstantRateRequestsAreEquallyFarApart) {
  const Plan plan = Plan::constant(Kind::kRate, 1000, 2 * kSecond);
  EXPECT_EQ(plan.arrivals(), 2000u);
  EXPECT_EQ(plan.arrival(0), 0u);
  EXPECT_EQ(plan.arrival(1), kSecond / 1000);
  EXPECT_EQ(plan.arrival(1999), 1999 * (kSecond / 1000));
  EXPECT_EQ(plan.arrival(2000), base::kNever);
}

TEST(Plan, ARampBringsAsManyRequestsAsTheAreaUnderIt) {
  const Plan plan(Kind::kRate, {{10 * kSecond, 100}, {10 * kSecond, 0}});
  EXPECT_EQ(plan.arrivals(), 1000u);
  EXPECT_EQ(plan.arrival(0), 0u);
  EXPECT_NEAR(static_cast<double>(plan.arrival(125)), 5e9, 1) << "a quarter of the first half's 500";
  EXPECT_NEAR(static_cast<double>(plan.arrival(500)), 10e9, 1);
  EXPECT_NEAR(static_cast<double>(plan.arrival(875)), 15e9, 1);
  std::uint64_t before = 0;
  for (std::uint64_t i = 1; i < 1000; ++i) {
    EXPECT_GT(plan.arrival(i), before) << i;
    before = plan.arrival(i);
  }
  EXPECT_LT(before, plan.nanos());
  EXPECT_EQ(plan.arrival(1000), base::kNever);
}

TEST(Plan, NothingIsDueWhileTheRateIsZero) {
  const Plan plan(Kind::kRate, {{kSecond, 0}, {0, 10}, {kSecond, 10}});
  EXPECT_EQ(plan.arrival(0), kSecond);
  EXPECT_EQ(plan.arrivals(), 10u);
}

TEST(Plan, WithoutStagesThereIsNoLoad) {
  const Plan plan;
  EXPECT_EQ(plan.nanos(), 0u);
  EXPECT_EQ(plan.target_at(0), 0);
  EXPECT_EQ(plan.arrival(0), base::kNever);
}

}  // namespace
}  // namespace nanospan::load
