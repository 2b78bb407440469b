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
  registry.observe_gauge("c", "Now.", {}, [] { return 0.5; });
  EXPECT_EQ(registry.render(),
            "# HELP a_size Size.\n# TYPE a_size gauge\na_size 3\n"
            "# HELP b_spans Spans.\n# TYPE b_spans counter\nb_spans{exporter=\"a\\\"\\\\\\n\"} 3\n"
            "# HELP c Now.\n# TYPE c gauge\nc 0.5\n");
}

TEST(Metrics, SameNameAndLabelsAreTheSameSeries) {
  MetricsRegistry registry;
  EXPECT_EQ(&registry.counter("x", "", {{"a", "1"}}), &registry.counter("x", "", {{"a", "1"}}));
  EXPECT_NE(&registry.counter("x", "", {{"a", "1"}}), &registry.counter("x", "", {{"a", "2"}}));
}

}  // namespace
}  // namespace nanospan::gateway
