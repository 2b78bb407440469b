// Prometheus text, as a scraper reads it.
#include "gateway/telemetry/metrics.h"

#include <gtest/gtest.h>

#include <array>

#include "gateway/telemetry/metrics_by_reason.h"

namespace nanospan::gateway {
namespace {

TEST(Metrics, RendersFamiliesWithHelpTypeAndLabels) {
  MetricsRegistry registry;
  registry.counter("b_spans", "Spans.", {{"exporter", "a\"\\\n"}}).add(3);
  registry.gauge("a_size", "Size.").add(5);
  registry.gauge("a_size", "Size.").subtract(2);
  const Observation c = registry.observe_gauge("c", "Now.", {}, [] { return 0.5; });
  EXPECT_EQ(registry.render(),
            "# HELP a_size Size.\n# TYPE a_size gauge\na_size 3\n"
            "# HELP b_spans Spans.\n# TYPE b_spans counter\nb_spans{exporter=\"a\\\"\\\\\\n\"} 3\n"
            "# HELP c Now.\n# TYPE c gauge\nc 0.5\n");
}

TEST(Metrics, WhatSeveralObserveIsTheirSumUntilTheyAreGone) {
  MetricsRegistry registry;
  Observation first = registry.observe_counter("x", "", {}, [] { return 2.0; });
  {
    const Observation second = registry.observe_counter("x", "", {}, [] { return 3.0; });
    EXPECT_NE(registry.render().find("\nx 5\n"), std::string::npos);
  }
  EXPECT_NE(registry.render().find("\nx 2\n"), std::string::npos);
  first = Observation();
  EXPECT_NE(registry.render().find("\nx 0\n"), std::string::npos);
}

TEST(Metrics, SameNameAndLabelsAreTheSameSeries) {
  MetricsRegistry registry;
  EXPECT_EQ(&registry.counter("x", "", {{"a", "1"}}), &registry.counter("x", "", {{"a", "1"}}));
  EXPECT_NE(&registry.counter("x", "", {{"a", "1"}}), &registry.counter("x", "", {{"a", "2"}}));
}

TEST(Metrics, AHistogramCountsUpToEachBound) {
  static constexpr std::array<std::uint64_t, 2> kBounds = {10, 25};
  MetricsRegistry registry;
  Histogram& sizes = registry.histogram("size", "Sizes.", kBounds, {{"processor", "batch"}});
  for (const std::uint64_t size : {1U, 10U, 11U, 26U}) sizes.observe(size);
  EXPECT_EQ(registry.render(),
            "# HELP size Sizes.\n# TYPE size histogram\n"
            "size_bucket{processor=\"batch\",le=\"10\"} 2\n"
            "size_bucket{processor=\"batch\",le=\"25\"} 3\n"
            "size_bucket{processor=\"batch\",le=\"+Inf\"} 4\n"
            "size_sum{processor=\"batch\"} 48\nsize_count{processor=\"batch\"} 4\n");
}

TEST(Metrics, AnInfoIsTheOnlyOneOfItsName) {
  MetricsRegistry registry;
  registry.set_info("target_info", "Who.", {{"service_name", "a"}});
  registry.set_info("target_info", "Who.", {{"service_name", "b"}});
  EXPECT_EQ(registry.render(),
            "# HELP target_info Who.\n# TYPE target_info gauge\ntarget_info{service_name=\"b\"} 1\n");
}

TEST(MetricsByReason, LooksEachReasonUpOnce) {
  MetricsRegistry registry;
  MetricsByReason refused([&](std::string_view reason) -> Metric& {
    return registry.counter("refused", "", {{"reason", reason}});
  });
  for (int i = 0; i < 3; ++i) {
    refused.of("queue_full").add(1);
    refused.of("shutting_down").add(1);
  }
  EXPECT_EQ(registry.lookups(), 2u);
  EXPECT_EQ(registry.value("refused", {{"reason", "queue_full"}}), 3);
  EXPECT_EQ(registry.value("refused", {{"reason", "shutting_down"}}), 3);
}

}  // namespace
}  // namespace nanospan::gateway
