#include "sdk/runtime/suppression.h"

#include <optional>
#include <thread>

#include <gtest/gtest.h>
#include <nanospan/diagnostics.h>

#include "tests/support/exporting_provider.h"

namespace nanospan::sdk {
namespace {

TEST(SuppressTracing, NestsAndIsTheThreadsOwn) {
  EXPECT_FALSE(tracing_suppressed());
  {
    const SuppressTracing outer;
    {
      const SuppressTracing inner;
      EXPECT_TRUE(tracing_suppressed());
    }
    EXPECT_TRUE(tracing_suppressed());
    std::thread([] { EXPECT_FALSE(tracing_suppressed()); }).join();
  }
  EXPECT_FALSE(tracing_suppressed());
}

TEST(SuppressTracing, SpansDoNotRecordButThoseThatRanBeforeEndWell) {
  testing::ExportingProvider sdk;
  Tracer& tracer = sdk.tracer();
  Span before = tracer.start_span("before");
  {
    const SuppressTracing suppress;
    const Scope scope(before);
    Span during = tracer.start_span("during");
    EXPECT_FALSE(during.is_recording());
    EXPECT_FALSE(tracer.enabled());
    EXPECT_EQ(during.context().trace_id(), before.context().trace_id()) << "it carries its parent";
    before.set("set", "while suppressed");
    before.end();
  }
  tracer.start_span("after").end();
  const auto spans = sdk.spans();
  ASSERT_EQ(spans.size(), 2U);
  const auto& found = spans[0].name == "before" ? spans[0] : spans[1];  // it came by another ring
  EXPECT_EQ(found.name, "before");
  EXPECT_EQ(found.attributes, (std::map<std::string, std::string>{{"set", "while suppressed"}}));
}

}  // namespace
}  // namespace nanospan::sdk
