// The life of a span up to and after its end: trace/api.md "Span operations", trace/sdk.md "Span Limits".
#include <gtest/gtest.h>
#include <nanospan/diagnostics.h>

#include <limits>
#include <stdexcept>

#include "tests/support/exporting_provider.h"

namespace nanospan {
namespace {

using testing::ExportingProvider;

TEST(SpanEnd, IsIdempotentAndEverythingAfterItDoesNothing) {
  ExportingProvider sdk;
  Span span = sdk.tracer().start_span("name");
  const SpanContext before = span.context();
  span.set("kept", 1);
  span.end();
  EXPECT_FALSE(span.is_recording());  // trace/api.md "IsRecording": false after the end
  span.set("late", 1).set(std::string("late"), "x").set({{"late", 2}}).add_event("late").add_link(before);
  span.set_status(StatusCode::kError, "late").update_name("late").record_exception("late", "late");
  span.end();
  span.end(7);
  EXPECT_EQ(span.context(), before);  // trace/api.md "Get Context": the same for the entire lifetime
  const auto sent = sdk.only_span();
  EXPECT_EQ(sent.name, "name");
  EXPECT_EQ(sent.attributes, (std::map<std::string, std::string>{{"kept", "1"}}));
  EXPECT_EQ(sent.events.size() + sent.links.size(), 0U);
  EXPECT_EQ(sent.status, StatusCode::kUnset);
  EXPECT_EQ(sent.dropped_attributes + sent.dropped_events + sent.dropped_links, 0U);
}

// Before 17, clang kept temporaries of an expression with a consteval constructor alive (LLVM issue 60709).
TEST(SpanEnd, OfATemporaryIsWhereItsExpressionEnds) {
  ExportingProvider sdk;
  sdk.tracer().start_span("name").set("key", "value");
  EXPECT_EQ(sdk.provider().ledger().ended, 1U);
}

TEST(SpanEnd, DoesNotEndChildrenAndDoesNotDeactivateTheContext) {
  ExportingProvider sdk;
  Span parent = sdk.tracer().start_span("parent");
  const Scope scope(parent);
  Span child = sdk.tracer().start_span("child");
  parent.end();
  EXPECT_TRUE(child.is_recording());
  EXPECT_EQ(Context::current().span_context(), parent.context());
  EXPECT_FALSE(current_span().is_recording());
}

TEST(SpanEnd, AnEndBeforeTheStartIsTheStart) {
  ExportingProvider sdk;
  sdk.tracer().start_span("span", {.start_unix_nanos = 1000}).end(999);
  EXPECT_EQ(sdk.only_span().end, 1000U);
}

TEST(SpanEnd, AMovedSpanEndsOnce) {
  ExportingProvider sdk;
  Span first = sdk.tracer().start_span("first");
  Span second = std::move(first);
  first.set("nothing", 1).end();  // NOLINT(bugprone-use-after-move): a moved span does not record
  EXPECT_TRUE(second.is_recording());
  second = sdk.tracer().start_span("second");
  second.end();
  const auto spans = sdk.spans();
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].name, "first");
  EXPECT_EQ(spans[1].name, "second");
}

TEST(WrappedSpan, CarriesItsContextAndDoesNotRecord) {
  const SpanContext context(TraceId::from_hex("0af7651916cd43dd8448eb211c80319c"), SpanId::from_hex("b7ad6b7169203331"),
                            TraceFlags::kSampled, true);
  Span span(context);
  span.set("a", 1).add_event("e").add_link(context).set_status(StatusCode::kOk).update_name("n");
  EXPECT_FALSE(span.is_recording());
  EXPECT_EQ(span.context(), context);
  span.end();
}

struct StatusCall {
  StatusCode code;
  const char* description;
};
struct StatusCase {
  std::vector<StatusCall> calls;
  StatusCode code;
  const char* description;
};

// trace/api.md "Set Status": Ok > Error > Unset; Ok is final; a description belongs to Error.
TEST(SpanStatus, FollowsTheTotalOrder) {
  using S = StatusCode;
  const StatusCase cases[] = {
      {{}, S::kUnset, ""},
      {{{S::kUnset, "ignored"}}, S::kUnset, ""},
      {{{S::kError, "why"}}, S::kError, "why"},
      {{{S::kError, ""}}, S::kError, ""},
      {{{S::kError, "first"}, {S::kError, "last"}}, S::kError, "last"},
      {{{S::kError, "first"}, {S::kError, ""}}, S::kError, ""},
      {{{S::kError, "why"}, {S::kUnset, ""}}, S::kError, "why"},
      {{{S::kError, "why"}, {S::kOk, "ignored"}}, S::kOk, ""},
      {{{S::kOk, "ignored"}}, S::kOk, ""},
      {{{S::kOk, ""}, {S::kError, "ignored"}}, S::kOk, ""},
      {{{S::kOk, ""}, {S::kUnset, ""}}, S::kOk, ""},
      {{{S::kError, "why"}, {static_cast<S>(9), "no such code"}}, S::kError, "why"},
  };
  for (const StatusCase& one : cases) {
    ExportingProvider sdk;
    Span span = sdk.tracer().start_span("span");
    for (const StatusCall& call : one.calls) span.set_status(call.code, call.description);
    span.end();
    const auto sent = sdk.only_span();
    EXPECT_EQ(sent.status, one.code);
    EXPECT_EQ(sent.status_description, one.description);
  }
}

TEST(SpanEvents, KeepTheirOrderAndTheUsersTimestamps) {
  ExportingProvider sdk;
  constexpr std::uint64_t kFarAway = std::numeric_limits<std::uint64_t>::max();
  {
    Span span = sdk.tracer().start_span("span");
    // trace/api.md "Add Events": timestamps may precede the start or follow the end, and are not normalised.
    span.add_event("second comes first", {}, kFarAway).add_event("early", {}, 1).add_event("now");
    span.add_event(std::string("now too"), {{"a", 1}});
  }
  const auto sent = sdk.only_span();
  EXPECT_EQ(sent.events, (std::vector<std::string>{"second comes first", "early", "now", "now too"}));
  ASSERT_EQ(sent.event_times.size(), 4U);
  EXPECT_EQ(sent.event_times[0], kFarAway);
  EXPECT_EQ(sent.event_times[1], 1U);
  for (const std::size_t now : {2U, 3U}) {
    EXPECT_GT(sent.event_times[now], 1'700'000'000'000'000'000U);  // now is not 1970
  }
}

// trace/api.md "Link": "SHOULD record links with empty TraceId or SpanId ... as long as either the attribute set or
// TraceState is non-empty".
TEST(SpanLinks, WithZeroIdsAreKeptIfTheySaySomething) {
  ExportingProvider sdk;
  const SpanContext none;
  const SpanContext state(TraceId(), SpanId(), 0, false, TraceState::parse("a=1"));
  {
    Span span = sdk.tracer().start_span("span");
    span.add_link(none).add_link(none, {{"why", "lost"}}).add_link(state).add_link(none, {});
  }
  const auto sent = sdk.only_span();
  ASSERT_EQ(sent.links.size(), 2U);
  EXPECT_EQ(sent.links[1].trace_state().header(), "a=1");
  EXPECT_EQ(sent.dropped_links, 0U);
}

TEST(SpanLinks, KeepTheirOrderFromTheStartOn) {
  ExportingProvider sdk;
  std::vector<SpanContext> contexts;
  for (std::uint64_t i = 1; i <= 6; ++i) {
    const std::uint64_t words[3] = {i, i, i};
    contexts.emplace_back(TraceId::from_bytes(words), SpanId::from_bytes(words), static_cast<std::uint8_t>(i & 3),
                          i % 2 == 0, i == 3 ? TraceState::parse("a=1") : TraceState());
  }
  {
    const Attribute attributes[] = {{"a", 1}};
    const Link links[] = {{contexts[0]}, {contexts[1], attributes}};
    Span span = sdk.tracer().start_span("span", {.links = links});
    for (std::size_t i = 2; i < contexts.size(); ++i) span.add_link(contexts[i]);
  }
  EXPECT_EQ(sdk.only_span().links, contexts);
}

// trace/exceptions.md; the user's attributes win. The status stays.
TEST(SpanExceptions, AreEventsWithTheConventionsAttributes) {
  ExportingProvider sdk;
  {
    Span span = sdk.tracer().start_span("span");
    span.record_exception("Type", "message", "at main", {{"exception.message", "mine"}, {"extra", 1}});
    span.record_exception(std::runtime_error("boom"));
    Span().record_exception("Type", "into nothing");
  }
  const auto sent = sdk.only_span();
  EXPECT_EQ(sent.events, (std::vector<std::string>{"exception", "exception"}));
  EXPECT_EQ(sent.status, StatusCode::kUnset);
  using Map = std::map<std::string, std::string>;
  ASSERT_EQ(sent.event_attributes.size(), 2U);
  EXPECT_EQ(sent.event_attributes[0], (Map{{"exception.type", "Type"},
                                           {"exception.message", "mine"},
                                           {"exception.stacktrace", "at main"},
                                           {"extra", "1"}}));
  EXPECT_EQ(sent.event_attributes[1].at("exception.message"), "boom");
  EXPECT_EQ(sent.event_attributes[1].at("exception.type"), "std::runtime_error");
  EXPECT_FALSE(sent.event_attributes[1].contains("exception.stacktrace"));
}

TEST(SpanExceptions, LoseNoAttributeUncounted) {
  ExportingProvider sdk;
  std::vector<std::string> keys;
  for (int i = 0; i < 200; ++i) keys.push_back("key." + std::to_string(i));
  std::vector<Attribute> attributes;
  for (const std::string& key : keys) attributes.push_back({key, 1});
  sdk.tracer().start_span("span").record_exception("Type", "message", {}, attributes);
  const auto sent = sdk.only_span();
  ASSERT_EQ(sent.event_attributes.size(), 1U);
  EXPECT_EQ(sent.event_attributes[0].size(), 128U);
  EXPECT_EQ(sent.event_dropped_attributes[0], 202U - 128U);
}

TEST(UpdateName, ReplacesTheNameOnceOnTheWire) {
  ExportingProvider sdk;
  {
    Span span = sdk.tracer().start_span("first");
    span.set("a", 1).update_name("second").add_event("e").update_name(std::string(3000, 'n')).update_name("last");
  }
  const auto sent = sdk.only_span();
  EXPECT_EQ(sent.name, "last");
  EXPECT_EQ(sent.attributes.at("a"), "1");
  EXPECT_EQ(sent.events.size(), 1U);
}

TEST(LazyAttributes, AreComputedOnlyForSpansThatRecord) {
  TracerProviderOptions options;
  options.sampler = always_off_sampler();
  ExportingProvider off(std::move(options));
  ExportingProvider on;
  int calls = 0;
  const auto describe = [&](Span& span) { span.set("dear", ++calls); };
  off.tracer().start_span("span").set_lazily(describe);
  EXPECT_EQ(calls, 0);
  on.tracer().start_span("span").set_lazily(describe);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(on.only_span().attributes.at("dear"), "1");
}

// error-handling.md: nothing is thrown through the API, whoever threw it.
TEST(LazyAttributes, ThatThrowAreReportedAndGoNoFurther) {
  std::string reported;
  set_error_handler([&](std::string_view component, std::string_view) { reported = component; });
  ExportingProvider sdk;
  sdk.tracer()
      .start_span("span")
      .set_lazily([](Span& span) {
        span.set("first", 1);
        throw std::runtime_error("broken");
      })
      .set("after", 2);
  set_error_handler(nullptr);
  EXPECT_EQ(reported, "span");
  EXPECT_EQ(sdk.only_span().attributes, (std::map<std::string, std::string>{{"first", "1"}, {"after", "2"}}));
}

}  // namespace
}  // namespace nanospan
