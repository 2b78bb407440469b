#include "load/plan.h"

#include <gtest/gtest.h>

namespace nanospan::load {
namespace {

using Kind = Plan::Kind;

TEST(Plan, GoesInStraightLinesFromStageToStage) {
  const Plan plan(
      Kind::kUsers,
      {{30 * base::kNanosPerSecond, 100}, {60 * base::kNanosPerSecond, 100}, {30 * base::kNanosPerSecond, 0}});
  EXPECT_EQ(plan.nanos(), 120 * base::kNanosPerSecond);
  EXPECT_EQ(plan.peak(), 100);
  EXPECT_EQ(plan.target_at(0), 0);
  EXPECT_EQ(plan.target_at(15 * base::kNanosPerSecond), 50);
  EXPECT_EQ(plan.target_at(60 * base::kNanosPerSecond), 100);
  EXPECT_EQ(plan.target_at(105 * base::kNanosPerSecond), 50);
  EXPECT_EQ(plan.target_at(120 * base::kNanosPerSecond), 0) << "it is over";
}

TEST(Plan, AStageWithoutTimeIsAJump) {
  const Plan plan(Kind::kUsers, {{0, 8}, {base::kNanosPerSecond, 8}, {0, 2}, {base::kNanosPerSecond, 2}});
  EXPECT_EQ(plan.target_at(0), 8);
  EXPECT_EQ(plan.target_at(base::kNanosPerSecond - 1), 8);
  EXPECT_EQ(plan.target_at(base::kNanosPerSecond), 2);
}

TEST(Plan, AtAConstantRateRequestsAreEquallyFarApart) {
  const Plan plan = Plan::constant(Kind::kRate, 1000, 2 * base::kNanosPerSecond);
  EXPECT_EQ(plan.arrivals(), 2000u);
  EXPECT_EQ(plan.arrival(0), 0u);
  EXPECT_EQ(plan.arrival(1), base::kNanosPerSecond / 1000);
  EXPECT_EQ(plan.arrival(1999), 1999 * (base::kNanosPerSecond / 1000));
  EXPECT_EQ(plan.arrival(2000), base::kNever);
}

TEST(Plan, ARampBringsAsManyRequestsAsTheAreaUnderIt) {
  const Plan plan(Kind::kRate, {{10 * base::kNanosPerSecond, 100}, {10 * base::kNanosPerSecond, 0}});
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
  const Plan plan(Kind::kRate, {{base::kNanosPerSecond, 0}, {0, 10}, {base::kNanosPerSecond, 10}});
  EXPECT_EQ(plan.arrival(0), base::kNanosPerSecond);
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
