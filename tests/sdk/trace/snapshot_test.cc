// What processors read of a span that still runs.
#include <gtest/gtest.h>
#include <nanospan/span_view.h>

#include <string>

#include "tests/support/hooked_provider.h"

namespace nanospan {
namespace {

using testing::Hooked;

// trace/sdk.md "Additional Span Interfaces": what OnStart and OnEnding get can be read as a readable span can.
TEST(Snapshot, OfAStartedSpanHasAllThatItWasGiven) {
  Hooked hooked;
  const SpanContext parent(TraceId::from_hex("0af7651916cd43dd8448eb211c80319c"), SpanId::from_hex("b7ad6b7169203331"),
                           TraceFlags::kSampled, true, TraceState::parse("a=1"));
  const SpanContext linked(TraceId::from_hex("1af7651916cd43dd8448eb211c80319c"), SpanId::from_hex("c7ad6b7169203331"),
                           0, false);
  const Context context = Context::root().with_span_context(parent);
  SpanRef kept;
  hooked.hooks->start = [&](SpanRef& span, const Context&) {
    kept = span;
    const SpanSnapshot seen = span.snapshot();
    EXPECT_EQ(seen.name(), "GET /");
    EXPECT_EQ(seen.context(), span.context());
    EXPECT_EQ(seen.parent().span_id(), parent.span_id());
    EXPECT_TRUE(seen.parent().is_remote());
    EXPECT_EQ(seen.kind(), SpanKind::kServer);
    EXPECT_EQ(seen.start_unix_nanos(), 7U);
    EXPECT_EQ(seen.end_unix_nanos(), 0U);
    EXPECT_FALSE(seen.has_ended());
    EXPECT_EQ(seen.attributes()["http.route"].as_string(), "/");
    int links = 0;
    seen.for_each_link([&](const LinkView& link) { links += link.context.span_id() == linked.span_id() ? 1 : 0; });
    EXPECT_EQ(links, 1);
    EXPECT_EQ(seen.status(), StatusCode::kUnset);
    EXPECT_EQ(seen.scope().name, "test");
    EXPECT_FALSE(seen.resource().string_value("telemetry.sdk.name").empty());
  };
  const Link links[] = {{linked}};
  Span span = hooked.sdk.tracer().start_span("GET /", {.kind = SpanKind::kServer,
                                                       .attributes = {{"http.route", "/"}},
                                                       .links = links,
                                                       .start_unix_nanos = 7,
                                                       .parent = &context});
  span.set("later", 1).set_status(StatusCode::kError, "broken").set(std::string_view(), 1);
  const SpanSnapshot later = kept.snapshot();
  EXPECT_EQ(later.attributes().size(), 2U);
  EXPECT_EQ(later.status(), StatusCode::kError);
  EXPECT_EQ(later.status_description(), "broken");
  EXPECT_EQ(later.dropped_attributes_count(), 1U);
  span.end();
  const SpanSnapshot gone = kept.snapshot();
  EXPECT_TRUE(gone.has_ended());
  EXPECT_TRUE(gone.name().empty());
  EXPECT_EQ(later.name(), "GET /") << "a snapshot outlives its span";
}

TEST(Snapshot, OfAnEndingSpanHasItsEndTime) {
  Hooked hooked;
  std::uint64_t started = 0;
  hooked.hooks->start = [&](SpanRef& span, const Context&) { started = span.snapshot().start_unix_nanos(); };
  hooked.hooks->ending = [&](SpanRef& span) {
    const SpanSnapshot seen = span.snapshot();
    EXPECT_EQ(seen.start_unix_nanos(), started);
    EXPECT_GE(seen.end_unix_nanos(), started);
    EXPECT_EQ(seen.status(), StatusCode::kOk);
    span.set("duration", seen.end_unix_nanos() - seen.start_unix_nanos());
  };
  hooked.sdk.tracer().start_span("span").set_status(StatusCode::kOk);
  const auto sent = hooked.sdk.only_span();
  EXPECT_EQ(sent.start, started);
  EXPECT_EQ(sent.attributes.at("duration"), std::to_string(sent.end - sent.start));
}

}  // namespace
}  // namespace nanospan
