// The ladder of the memory governor, and how it follows what machine and container allow; on a machine that the test
// makes up.
#include "gateway/service/memory_governor.h"

#include <gtest/gtest.h>

#include "tests/gateway/fake_host.h"

namespace nanospan::gateway {
namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;

class MemoryGovernorTest : public ::testing::Test {
 protected:
  MemoryGovernor& govern(MemorySettings settings = {}) {
    MemoryGovernor& governor = governor_.emplace(
        settings, host_.clock(), host_.budget(), host_.metrics(), host_.log(),
        MemoryGovernor::Machine{
            [this] { return limits_; },
            [this](const base::EffectiveLimits& limits) { return limits.memory_group == "pod" ? group_bytes_ : 0; },
            [this] { return own_bytes_; }, [this] { ++returned_; }});
    governor.start(host_.shared_loop(), 2);
    host_.run();
    return governor;
  }
  void advance() { host_.advance(MemoryGovernor::kLookNanos); }
  std::uint64_t steps(std::string_view step) { return host_.counter("nanospan_memory_steps", {{"step", step}}); }
  /// What is admitted at most, asked for byte by byte.
  std::uint64_t admitted() {
    BudgetCharge charge(host_.budget());
    charge.grow_towards(1ULL << 40);
    return charge.bytes();
  }

  base::EffectiveLimits limits_{1000 * kMebibyte, "pod/memory.max", "pod", 2, "pod/cpu.max allows 1.5"};
  std::uint64_t own_bytes_ = 10 * kMebibyte;
  std::uint64_t group_bytes_ = 0;
  int returned_ = 0;
  testing::FakeHost host_;
  std::optional<MemoryGovernor> governor_;
};

TEST_F(MemoryGovernorTest, TheLimitIsNineTenthsOfWhatThereIsAndTheBudgetAQuarter) {
  EXPECT_EQ(govern().limit_bytes(), 900 * kMebibyte);
  EXPECT_EQ(host_.budget().bytes_max(), 250 * kMebibyte);
}

TEST_F(MemoryGovernorTest, SettingsCountAndABudgetThatTheLimitCannotHoldIsCut) {
  MemoryGovernor& governor = govern({200 * kMebibyte, 0});
  EXPECT_EQ(governor.limit_bytes(), 200 * kMebibyte);
  EXPECT_EQ(host_.budget().bytes_max(), 50 * kMebibyte);
  governor.configure({200 * kMebibyte, 100 * kMebibyte});
  EXPECT_EQ(host_.budget().bytes_max(), 100 * kMebibyte);
  governor.configure({200 * kMebibyte, 1000 * kMebibyte});
  EXPECT_EQ(host_.budget().bytes_max(), 150 * kMebibyte);
  governor.configure({8000 * kMebibyte, 4000 * kMebibyte});
  EXPECT_EQ(host_.budget().bytes_max(), 675 * kMebibyte) << "the container is smaller than the setting";
}

TEST_F(MemoryGovernorTest, GoesUpTheLadderAndDownWithoutFlapping) {
  govern({100 * kMebibyte, 40 * kMebibyte});
  const auto at = [&](std::uint64_t mebibytes) {
    own_bytes_ = mebibytes * kMebibyte;
    advance();
    return admitted() / kMebibyte;
  };
  EXPECT_EQ(at(69), 40u);
  EXPECT_EQ(returned_, 0);
  EXPECT_EQ(at(70), 40u);
  EXPECT_EQ(returned_, 1);
  EXPECT_EQ(at(85), 20u);
  EXPECT_EQ(at(95), 0u);
  EXPECT_EQ(at(91), 0u) << "left below 90 only";
  EXPECT_EQ(at(89), 20u);
  EXPECT_EQ(at(81), 20u);
  EXPECT_EQ(at(79), 40u);
  EXPECT_EQ(at(64), 40u);
  EXPECT_EQ(steps("shrink"), 1u);
  EXPECT_EQ(steps("refuse"), 1u);
  EXPECT_EQ(steps("return"), static_cast<std::uint64_t>(returned_));
  EXPECT_NE(host_.logged().find("memory: the process uses 95 MiB, limit 100 MiB"), std::string::npos) << host_.logged();
}

TEST_F(MemoryGovernorTest, WhatIsTooLargeForEverDoesNotDependOnTheStep) {
  govern({100 * kMebibyte, 40 * kMebibyte});
  own_bytes_ = 99 * kMebibyte;
  advance();
  EXPECT_TRUE(host_.budget().is_throttled());
  EXPECT_EQ(host_.budget().bytes_max(), 40 * kMebibyte);
}

TEST_F(MemoryGovernorTest, WhatIsAdmittedStaysWhenTheStepComes) {
  govern({100 * kMebibyte, 40 * kMebibyte});
  BudgetCharge queued(host_.budget());
  ASSERT_TRUE(queued.grow_to(30 * kMebibyte));
  own_bytes_ = 96 * kMebibyte;
  advance();
  EXPECT_EQ(queued.bytes(), 30 * kMebibyte);
  EXPECT_FALSE(queued.grow_to(31 * kMebibyte));
}

TEST_F(MemoryGovernorTest, TheGroupCountsWithItsNeighbours) {
  govern();
  group_bytes_ = 860 * kMebibyte;
  advance();
  EXPECT_EQ(admitted(), 0u);
}

TEST_F(MemoryGovernorTest, AnotherGroupOfTheSameSizeIsTheOneThatCounts) {
  limits_.memory_group = "before";
  govern();
  group_bytes_ = 860 * kMebibyte;
  advance();
  EXPECT_EQ(admitted(), 250 * kMebibyte);
  limits_.memory_group = "pod";
  host_.advance(base::kNanosPerSecond);
  EXPECT_EQ(admitted(), 0u);
}

TEST_F(MemoryGovernorTest, HalfOfTheBudgetIsHalfOfWhatALimiterThatCameLaterLeaves) {
  govern({100 * kMebibyte, 40 * kMebibyte});
  own_bytes_ = 85 * kMebibyte;
  advance();
  EXPECT_EQ(admitted(), 20 * kMebibyte);
  {
    const BudgetLimit memory_limiter(host_.budget(), 10 * kMebibyte);
    EXPECT_EQ(admitted(), 5 * kMebibyte);
  }
  EXPECT_EQ(admitted(), 20 * kMebibyte) << "and again when it went";
}

TEST_F(MemoryGovernorTest, GivesMemoryBackInTwoPercentOfTheTime) {
  govern({100 * kMebibyte, 0});
  own_bytes_ = 80 * kMebibyte;
  for (int i = 0; i < 100; ++i) host_.advance(MemoryGovernor::kLookUnderPressureNanos);
  EXPECT_EQ(returned_, 10) << "once a second where it takes no time";
}

TEST_F(MemoryGovernorTest, FollowsAChangeWithinASecond) {
  MemoryGovernor& governor = govern();
  limits_ = {400 * kMebibyte, "pod/memory.max", "pod", 1, "pod/cpu.max allows 0.5"};
  host_.advance(base::kNanosPerSecond);
  EXPECT_EQ(governor.limit_bytes(), 360 * kMebibyte);
  EXPECT_EQ(host_.budget().bytes_max(), 100 * kMebibyte);
  EXPECT_EQ(governor.limits().cpus, 1u);
  EXPECT_EQ(host_.metrics().value("nanospan_cpus_allowed", {}), 1);
  EXPECT_EQ(host_.counter("nanospan_limit_changes", {{"limit", "memory"}}), 1u);
  EXPECT_EQ(host_.counter("nanospan_limit_changes", {{"limit", "cpu"}}), 1u);
  limits_.cpus = 4;
  limits_.cpu_reason = "pod/cpu.max allows 4";
  host_.advance(base::kNanosPerSecond);
  EXPECT_NE(host_.logged().find("processors are now 4 (pod/cpu.max allows 4), were 1; the 2 event loops of the start "
                                "stay, a restart makes more"),
            std::string::npos)
      << host_.logged();
}

TEST(MemoryGovernorMachine, LooksAtThisProcess) {
  const MemoryGovernor::Machine machine = MemoryGovernor::this_machine();
  EXPECT_GT(machine.own_bytes(), 0u);
  EXPECT_GT(machine.limits().memory_bytes, 0u);
  machine.return_memory();
}

}  // namespace
}  // namespace nanospan::gateway
