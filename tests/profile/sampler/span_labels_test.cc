#include "profile/sampler/span_labels.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>

#include <nanospan/span.h>
#include <nanospan/tracer.h>
#include <nanospan/tracer_provider.h>

#include "tests/support/exporting_provider.h"

namespace nanospan::profile {
namespace {

class SpanLabelsTest : public ::testing::Test {
 protected:
  static SpanLabels read() {
    SpanLabels labels;
    read_span_labels(labels);
    return labels;
  }
  static bool is_of(const SpanLabels& labels, const SpanContext& context) {
    return std::memcmp(labels.trace_id.data(), &context.trace_id(), 16) == 0 &&
           std::memcmp(&labels.span_id, &context.span_id(), 8) == 0;
  }
  ::nanospan::testing::ExportingProvider provider_;
  Tracer& tracer_ = provider_.tracer();
};

TEST_F(SpanLabelsTest, NoSpanNoLabels) {
  const SpanLabels labels = read();
  EXPECT_FALSE(labels.has_trace());
  EXPECT_EQ(labels.name_text(), "");
}

TEST_F(SpanLabelsTest, TheCurrentSpansIdsNameAndRoute) {
  Span span = tracer_.start_span("GET /orders/{id}");
  const Scope scope(span);
  span.set("http.request.method", "GET");
  EXPECT_EQ(read().route_text(), "");
  span.set("http.route", "/orders/{id}");
  span.set("other", 5);
  const SpanLabels labels = read();
  EXPECT_TRUE(is_of(labels, span.context()));
  EXPECT_EQ(labels.name_text(), "GET /orders/{id}");
  EXPECT_EQ(labels.route_text(), "/orders/{id}");
}

TEST_F(SpanLabelsTest, ANameThatIsChangedWhenTheRouteIsKnownHidesNeither) {
  Span span = tracer_.start_span("GET");
  const Scope scope(span);
  span.set("http.request.method", "GET").set("http.route", "/orders/{id}");
  span.update_name("GET /orders/{id}");
  EXPECT_EQ(read().name_text(), "GET /orders/{id}");
  EXPECT_EQ(read().route_text(), "/orders/{id}");
  span.update_name("other");
  span.set("order.id", 7);
  EXPECT_EQ(read().name_text(), "other");
  EXPECT_EQ(read().route_text(), "/orders/{id}");
}

TEST_F(SpanLabelsTest, ChildrenHaveTheRouteOfTheRequestAroundThem) {
  Span request = tracer_.start_span("request");
  const Scope outer(request);
  request.set("http.route", "/pay");
  Span query = tracer_.start_span("query");
  const Scope inner(query);
  const SpanLabels labels = read();
  EXPECT_TRUE(is_of(labels, query.context()));
  EXPECT_EQ(labels.name_text(), "query");
  EXPECT_EQ(labels.route_text(), "/pay");
}

TEST_F(SpanLabelsTest, AnotherTracesRouteIsNotOurs) {
  Span request = tracer_.start_span("request");
  const Scope outer(request);
  request.set("http.route", "/pay");
  Span other = tracer_.start_span("other", {.root = true});
  const Scope inner(other);
  EXPECT_EQ(read().route_text(), "");
}

TEST_F(SpanLabelsTest, FollowsAContextToAnotherThread) {
  Span span = tracer_.start_span("hops");
  span.set("http.route", "/hop");
  const Context context = Context().with_span(span);
  SpanLabels labels;
  std::thread([&] {
    const Scope scope(context);
    labels = read();
  }).join();
  EXPECT_TRUE(is_of(labels, span.context()));
  EXPECT_EQ(labels.route_text(), "/hop");
}

TEST_F(SpanLabelsTest, AnEndedSpanKeepsItsIdsOnly) {
  Span span = tracer_.start_span("ended");
  const Scope scope(span);
  const SpanContext context = span.context();
  span.end();
  const SpanLabels labels = read();
  EXPECT_TRUE(is_of(labels, context));
  EXPECT_EQ(labels.name_text(), "");
}

TEST_F(SpanLabelsTest, LongNamesAreCutBetweenCharacters) {
  Span span = tracer_.start_span(std::string(63, 'x') + "\xC3\xA4 and more");
  const Scope scope(span);
  EXPECT_EQ(read().name_text(), std::string(63, 'x'));
  for (int i = 0; i < 300; ++i) span.set("key" + std::to_string(i), "a value that makes the span grow into the heap");
  EXPECT_EQ(read().name_text(), std::string(63, 'x'));
}

}  // namespace
}  // namespace nanospan::profile
