// Prometheus text, as a scraper reads it.
#include "gateway/telemetry/metrics.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace nanospan::gateway
