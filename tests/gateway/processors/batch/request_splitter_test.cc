// Cutting a request: every span once, in order, with its envelopes.
#include "gateway/processors/batch/request_splitter.h"

#include <gtest/gtest.h>

#include "tests/gateway/outlined_requests.h"
#include "wire/validate.h"

namespace nanospan::gateway {
namespace {

using testing::outline;
using testing::request_of;

std::vector<std::string> split(const std::string& request, std::uint64_t spans, std::uint64_t most) {
  RequestSplitter splitter(request);
  std::vector<std::string> parts;
  for (std::uint64_t left = spans; left != 0;) {
    net::ByteBlock out;
    SpanCounts counts;
    EXPECT_TRUE(splitter.take(most, out, counts));
    const wire::WalkResult walk = wire::validate_traces(out.view());
    EXPECT_TRUE(walk.ok());
    EXPECT_EQ(walk.counts.items, counts.spans);
    EXPECT_EQ(walk.counts.scopes, counts.scopes);
    EXPECT_EQ(walk.counts.resources, counts.resources);
    EXPECT_NE(counts.spans, 0u);
    parts.push_back(outline(out.view()));
    left -= counts.spans;
  }
  return parts;
}

TEST(RequestSplitter, APartHasTheEnvelopesOfItsSpans) {
  const std::string request = request_of({{"abc", "", "d"}, {}, {"ef"}});
  EXPECT_EQ(split(request, 6, 1),
            (std::vector<std::string>{"r1{s1 a}", "r1{s1 b}", "r1{s1 c}", "r1{s3 d}", "r3{s1 e}", "r3{s1 f}"}));
  EXPECT_EQ(split(request, 6, 2), (std::vector<std::string>{"r1{s1 a b}", "r1{s1 c; s3 d}", "r3{s1 e f}"}));
  EXPECT_EQ(split(request, 6, 5), (std::vector<std::string>{"r1{s1 a b c; s3 d} r3{s1 e}", "r3{s1 f}"}));
  EXPECT_EQ(split(request, 6, 6), (std::vector<std::string>{"r1{s1 a b c; s3 d} r3{s1 e f}"}));
}

TEST(RequestSplitter, KnowsTheLargestEnvelope) {
  EXPECT_EQ(RequestSplitter::largest_envelope(request_of({{"a"}, {"b", "c"}})), 8u);  // 1A 02 r1, 1A 02 s1
  EXPECT_EQ(RequestSplitter::largest_envelope(""), 0u);
}

}  // namespace
}  // namespace nanospan::gateway
