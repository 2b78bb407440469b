// Requests put together from pieces: lengths exact, empty envelopes gone.
#include "gateway/pipeline/request_builder.h"

#include <gtest/gtest.h>

#include "tests/gateway/outlined_requests.h"
#include "wire/validate.h"

namespace nanospan::gateway {
namespace {

using testing::outline;
using testing::request_of;

TEST(FilterSpans, WhatIsEmptyGoesAndTheRestStays) {
  const std::string request = request_of({{"abc", "d"}, {"e"}});
  const auto kept = [&](const std::string& names) {
    RequestBuilder builder;
    net::ByteBlock out;
    SpanCounts counts;
    EXPECT_TRUE(filter_spans(
        builder, request,
        [&](wire::Reader span) {
          span.next();
          return names.find(span.bytes()) != names.npos;
        },
        out, counts));
    EXPECT_EQ(wire::validate_traces(out.view()).counts.items, counts.spans);
    return outline(out.view());
  };
  EXPECT_EQ(kept("abcde"), outline(request));
  EXPECT_EQ(kept("ac"), "r1{s1 a c}");
  EXPECT_EQ(kept("de"), "r1{s2 d} r2{s1 e}");
  EXPECT_EQ(kept(""), "");
}

}  // namespace
}  // namespace nanospan::gateway
