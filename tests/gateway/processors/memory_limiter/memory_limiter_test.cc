// The memory limiter: when it refuses, and what its limits are of.
#include "gateway/processors/memory_limiter/memory_limiter.h"

#include <gtest/gtest.h>

#include "gateway/processors/memory_limiter/memory_limiter_config.h"
#include "gateway/processors/memory_limiter/memory_limiter_factory.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/fake_host.h"
#include "tests/gateway/sample_traces.h"

namespace nanospan::gateway {
namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;

MemoryLimiterConfig limit_of(const std::string& keys) {
  testing::ConfigText text("check_interval: 1s\n" + keys);
  const MemoryLimiterConfig config = read_memory_limiter_config(text.reader);
  EXPECT_EQ(text.errors(), "");
  return config;
}

class MemoryLimiterTest : public ::testing::Test {
 protected:
  MemoryLimiterTest() {
    EXPECT_TRUE(limiter_.start().ok());
    host_.run();
  }
  Outcome::Kind consume() {
    Outcome::Kind kind{};
    limiter_.consume(testing::sample_batch(3), [&](const Outcome& outcome) { kind = outcome.kind; });
    return kind;
  }
  testing::FakeHost host_{64 * kMebibyte};
  testing::FakeNext next_;
  std::uint64_t heap_ = 10 * kMebibyte;
  MemoryLimiter limiter_{limit_of("limit_mib: 100\n"), "memory_limiter", Signal::kTraces, host_, next_,
                         [this] { return heap_; }};
};

TEST_F(MemoryLimiterTest, RefusesWhileTheHeapIsOverTheSoftLimit) {
  EXPECT_EQ(consume(), Outcome::Kind::kAccepted);
  heap_ = 81 * kMebibyte;
  EXPECT_EQ(consume(), Outcome::Kind::kAccepted) << "it looks once each check_interval";
  host_.advance(base::kNanosPerSecond);
  EXPECT_EQ(consume(), Outcome::Kind::kRetry);
  EXPECT_EQ(limiter_.room_for(*testing::sample_batch()), Room::kNotNow);
  EXPECT_EQ(next_.seen.size(), 2u);
  heap_ = 80 * kMebibyte;
  host_.advance(base::kNanosPerSecond);
  EXPECT_EQ(consume(), Outcome::Kind::kAccepted);
  EXPECT_EQ(host_.counter("otelcol_processor_memory_limiter_refused_spans", {{"processor", "memory_limiter"}}), 3u);
  EXPECT_EQ(host_.counter("otelcol_processor_memory_limiter_accepted_spans", {{"processor", "memory_limiter"}}), 9u);
  const Labels labels = {{"otel_signal", "traces"}, {"processor", "memory_limiter"}};
  EXPECT_EQ(host_.counter("otelcol_processor_incoming_items", labels), 12u);
  EXPECT_EQ(host_.counter("otelcol_processor_outgoing_items", labels), 9u);
}

TEST_F(MemoryLimiterTest, BetweenTwoLooksTheBudgetCounts) {
  heap_ = 40 * kMebibyte;
  host_.advance(base::kNanosPerSecond);
  BudgetCharge charge(host_.budget());
  charge.overdraw(40 * kMebibyte + 1);
  EXPECT_EQ(consume(), Outcome::Kind::kRetry);
  charge.shrink_to(40 * kMebibyte);
  EXPECT_EQ(consume(), Outcome::Kind::kAccepted);
  heap_ = 81 * kMebibyte;
  host_.advance(base::kNanosPerSecond);
  charge.shrink_to(30 * kMebibyte);
  EXPECT_EQ(consume(), Outcome::Kind::kAccepted) << "ten of them were given back since";
}

TEST(MemoryLimiterLooks, OnTheLoopForWhatIsSlow) {
  testing::FakeHost host;
  testing::FakeHost other;
  host.slow = &other.shared_loop();
  testing::FakeNext next;
  int looks = 0;
  MemoryLimiter limiter(limit_of("limit_mib: 100\n"), "m", Signal::kTraces, host, next, [&looks] { return ++looks; });
  ASSERT_TRUE(limiter.start().ok());
  host.run();
  EXPECT_EQ(looks, 0) << "to look walks malloc's lists: not where requests come in";
  other.run();
  EXPECT_EQ(looks, 1);
}

TEST(MemoryLimiterMetrics, AreOfThePipelinesSignalOnly) {
  testing::FakeHost host;
  testing::FakeNext next;
  const MemoryLimiter limiter(limit_of("limit_mib: 100\n"), "m", Signal::kLogs, host, next, [] { return 0; });
  EXPECT_EQ(host.metrics().value("otelcol_processor_memory_limiter_refused_log_records", {{"processor", "m"}}), 0);
  EXPECT_EQ(host.metrics().value("otelcol_processor_memory_limiter_refused_spans", {{"processor", "m"}}), std::nullopt);
}

TEST(MemoryLimiterBudget, IsLoweredToTheSoftLimitNeverRaised) {
  testing::FakeHost host(64 * kMebibyte);
  testing::FakeNext next;
  const MemoryLimiter large(limit_of("limit_mib: 100\n"), "m", Signal::kTraces, host, next, [] { return 0; });
  EXPECT_EQ(host.budget().bytes_max(), 64 * kMebibyte);
  const MemoryLimiter small(limit_of("limit_mib: 20\n"), "m", Signal::kTraces, host, next, [] { return 0; });
  EXPECT_EQ(host.budget().bytes_max(), 16 * kMebibyte);
}

TEST(MemoryLimiterPercentage, IsOfWhatTheContainerHasNow) {
  testing::FakeHost host(64 * kMebibyte);
  testing::FakeNext next;
  host.memory = 200 * kMebibyte;
  MemoryLimiter limiter(limit_of("limit_percentage: 50\n"), "memory_limiter", Signal::kTraces, host, next,
                        [] { return 50 * kMebibyte; });
  ASSERT_TRUE(limiter.start().ok());
  host.run();
  EXPECT_EQ(limiter.room_for(*testing::sample_batch()), Room::kYes);
  host.memory = 100 * kMebibyte;
  host.advance(base::kNanosPerSecond);
  EXPECT_EQ(limiter.room_for(*testing::sample_batch()), Room::kNotNow) << "50 MiB are more than 40";
  EXPECT_EQ(host.budget().bytes_max(), 40 * kMebibyte);
  EXPECT_EQ(limiter.describe(), "refuses from 40 MiB on, limit 50 MiB");
  host.memory = 400 * kMebibyte;
  host.advance(base::kNanosPerSecond);
  EXPECT_EQ(limiter.room_for(*testing::sample_batch()), Room::kYes);
  EXPECT_EQ(host.budget().bytes_max(), 64 * kMebibyte);
}

TEST(MemoryLimiterConfig, Limits) {
  const auto limits = [](const std::string& keys) {
    const MemoryLimiterConfig::Limits out = limit_of(keys).limits(1000 * kMebibyte);
    return std::pair(out.hard_bytes / kMebibyte, out.soft_bytes / kMebibyte);
  };
  EXPECT_EQ(limits("limit_mib: 100\n"), std::pair(100ul, 80ul));
  EXPECT_EQ(limits("limit_mib: 100\nspike_limit_mib: 30\n"), std::pair(100ul, 70ul));
  EXPECT_EQ(limits("limit_percentage: 50\n"), std::pair(500ul, 400ul));
  EXPECT_EQ(limits("limit_percentage: 50\nspike_limit_percentage: 30\n"), std::pair(500ul, 200ul));
  EXPECT_EQ(limits("limit_mib: 100\nlimit_percentage: 50\n"), std::pair(100ul, 80ul)) << "as the Collector prefers";
}

TEST(MemoryLimiterConfig, SaysWhatIsWrong) {
  for (const std::string keys :
       {"limit_mib: 100\n", "check_interval: 1s\n", "check_interval: 0s\nlimit_mib: 1\n",
        "check_interval: 1s\nlimit_mib: 10\nspike_limit_mib: 10\n", "check_interval: 1s\nlimit_percentage: 101\n",
        "check_interval: 1s\nlimit_percentage: 20\nspike_limit_percentage: 20\n",
        "check_interval: 1s\nlimit_mb: 100\n"}) {
    testing::ConfigText text(keys);
    read_memory_limiter_config(text.reader);
    EXPECT_NE(text.errors(), "") << keys;
  }
}

TEST(MemoryLimiterFactory, LooksAtThisProcess) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer's heap does not say how much it holds";
#endif
  testing::FakeHost host;
  testing::FakeNext next;
  testing::ConfigText text("check_interval: 1s\nlimit_mib: 1\n");
  const auto limiter =
      memory_limiter_factory().read({"memory_limiter", ""}, text.reader)(host, Signal::kTraces, next).value();
  const std::string held(3 * kMebibyte, 'x');
  ASSERT_TRUE(limiter->start().ok());
  host.run();
  EXPECT_EQ(limiter->room_for(*testing::sample_batch()), Room::kNotNow);
  EXPECT_EQ(limiter->describe(), "refuses from 819.2 KiB on, limit 1 MiB");
}

}  // namespace
}  // namespace nanospan::gateway
