// Requests put together from pieces: lengths exact, empty envelopes gone.
#include "gateway/pipeline/request_builder.h"

#include <gtest/gtest.h>

#include "tests/gateway/outlined_requests.h"
#include "wire/validate.h"

namespace nanospan::gateway {
namespace {

using testing::outline;
using testing::request_of;

/// The request with the spans in `names` only; a span "x" becomes "xylophone".
std::string rewritten(const std::string& request, const std::string& names) {
  RequestBuilder builder;
  net::ByteBlock out;
  SpanCounts counts;
  ItemVisitor visitor{[&](const wire::Reader& at_span) {
    wire::Reader span = at_span.message();
    span.next();
    if (names.find(span.bytes()) == names.npos) return;
    if (span.bytes() != "x") return builder.add_item(at_span.raw_field());
    std::string content;
    wire::Appender(content).bytes_field(wire::otlp::Span::kName, "xylophone");
    builder.add_new_item(content);
  }};
  EXPECT_TRUE(rewrite_items(builder, request, visitor, out, counts));
  const wire::WalkResult walk = wire::validate_traces(out.view());
  EXPECT_TRUE(walk.ok());
  EXPECT_EQ(walk.counts.items, counts.spans);
  EXPECT_EQ(walk.counts.scopes, counts.scopes);
  EXPECT_EQ(walk.counts.resources, counts.resources);
  return outline(out.view());
}

TEST(RequestBuilder, WhatIsEmptyGoesAndTheRestStays) {
  const std::string request = request_of({{"abc", "d"}, {"e"}});
  EXPECT_EQ(rewritten(request, "abcde"), outline(request));
  EXPECT_EQ(rewritten(request, "ac"), "r1{s1 a c}");
  EXPECT_EQ(rewritten(request, "de"), "r1{s2 d} r2{s1 e}");
  EXPECT_EQ(rewritten(request, ""), "");
}

TEST(RequestBuilder, ANewSpanStandsInThePlaceOfTheOld) {
  EXPECT_EQ(rewritten(request_of({{"axb", "x"}}), "axb"), "r1{s1 a xylophone b; s2 xylophone}");
}

}  // namespace
}  // namespace nanospan::gateway
