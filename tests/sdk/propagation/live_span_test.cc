// Propagation with a tracer at work: what a service between two others sends, and what injecting must not do.
#include <gtest/gtest.h>
#include <nanospan/baggage.h>
#include <nanospan/tracer_provider.h>

#include <atomic>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "tests/support/map_carrier.h"

namespace nanospan {
namespace {

using testing::Headers;

class SilentProcessor final : public SpanProcessor {};

class LiveSpan : public ::testing::Test {
 protected:
  LiveSpan() {
    TracerProviderOptions options;
    options.processors.push_back(std::make_shared<SilentProcessor>());
    auto created = TracerProvider::create(std::move(options));
    EXPECT_TRUE(created.ok());
    provider_.emplace(std::move(created).value());
    tracer_.emplace(provider_->tracer({.name = "propagation"}));
  }

  // What a service sends that received `headers`.
  Headers sent_for(Headers headers) {
    const Context received = testing::extracted(*propagator_, std::move(headers));
    const Span span = tracer_->start_span("call", {.parent = &received});
    const Scope scope(span);
    return testing::injected(*propagator_, Context::current());
  }

  PropagatorPtr propagator_ = trace_context_propagator();
  std::optional<TracerProvider> provider_;
  std::optional<Tracer> tracer_;
};

constexpr std::string_view kSentTrace = "12345678901234567890123456789012";
const std::string kParent = "00-12345678901234567890123456789012-1234567890123456-";

// AdvancedTest of the W3C suite: one trace id, another parent id for each call.
TEST_F(LiveSpan, MultipleRequestsWithValidTraceparent) {
  std::set<std::string> parents;
  for (int i = 0; i < 3; ++i) {
    const Headers sent = sent_for({{"traceparent", kParent + "01"}, {"tracestate", "foo=1,bar=2"}});
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0].second.substr(3, 32), kSentTrace);
    EXPECT_EQ(sent[0].second.substr(53), "01");
    EXPECT_EQ(sent[1].second, "foo=1,bar=2");
    parents.insert(sent[0].second.substr(36, 16));
  }
  EXPECT_EQ(parents.size(), 3U);
  EXPECT_EQ(parents.count("1234567890123456"), 0U);
}

TEST_F(LiveSpan, MultipleRequestsWithoutOrWithIllegalTraceparent) {
  std::set<std::string> traces, parents;
  for (const std::string header : {"", "00-00000000000000000000000000000000-1234567890123456-01"}) {
    for (int i = 0; i < 3; ++i) {
      const Headers sent = sent_for({{"traceparent", header}, {"tracestate", "foo=1"}});
      ASSERT_EQ(sent.size(), 1U) << "the tracestate is discarded";
      EXPECT_EQ(sent[0].second.substr(53), "03") << "sampled, and of a random trace id";
      traces.insert(sent[0].second.substr(3, 32));
      parents.insert(sent[0].second.substr(36, 16));
    }
  }
  EXPECT_EQ(traces.size(), 6U);
  EXPECT_EQ(parents.size(), 6U);
  EXPECT_EQ(traces.count(std::string(32, '0')), 0U);
}

// TraceContext2Test: the random flag goes on as it came, set or not, in spans that record and those that do not.
TEST_F(LiveSpan, PropagatesRandomFlag) {
  for (const std::string flags : {"00", "01", "02", "03"}) {
    EXPECT_EQ(sent_for({{"traceparent", kParent + flags}})[0].second.substr(53), flags);
  }
}

// T56, trace/sdk.md "SDK Span creation": a new span id "MUST" be made whatever the sampler says.
TEST_F(LiveSpan, ANonRecordingSpanHasItsOwnSpanIdAndKeepsTheTracestate) {
  const Headers sent = sent_for({{"traceparent", kParent + "00"}, {"tracestate", "foo=1"}});
  EXPECT_EQ(sent[0].second.substr(3, 32), kSentTrace);
  EXPECT_NE(sent[0].second.substr(36, 16), "1234567890123456");
  EXPECT_EQ(sent[0].second.substr(53), "00");
  EXPECT_EQ(sent[1].second, "foo=1");
}

std::atomic<int> captures{0};

// Copying a Context that holds a recording span promotes the span to shared mode: for good, and dearly.
TEST_F(LiveSpan, InjectingDoesNotCaptureTheSpan) {
  captures = 0;
  detail::Api counting = *detail::api();
  counting.share = [](detail::Slab*, std::uint64_t) { ++captures; };
  const detail::Api* const real = nanospan_api_r1.exchange(&counting);
  {
    const Span span = tracer_->start_span("call");
    ASSERT_TRUE(span.is_recording());
    const Scope scope(span);
    for (const PropagatorPtr& propagator :
         {trace_context_propagator(), baggage_propagator(), b3_propagator(), b3_multi_propagator(),
          composite_propagator({trace_context_propagator(), baggage_propagator()})}) {
      testing::injected(*propagator, Context::current());
    }
    EXPECT_EQ(captures, 0);
    const Context copy = Context::current();
    EXPECT_EQ(captures, 1) << "a copy is what captures";
  }
  nanospan_api_r1.store(real);
}

}  // namespace
}  // namespace nanospan
