// What refused clients read: the value, the limit and what to do.
#include "net/refusal_text.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace nanospan::net {
namespace {

TEST(RefusalText, SaysTheValueTheLimitAndTheRemedy) {
  EXPECT_EQ(body_too_slow_text(3, 11'900 * base::kNanosPerMilli, 16'384),
            "the request's body came too slowly: 3 bytes in 11 s, less than 16384 bytes a second; send smaller or "
            "compressed bodies");
  const Http1Limits limits{100, 1000, 10};
  EXPECT_EQ(fault_text(Http1Fault::kStartLineTooLong, limits, 50),
            "the start line is longer than 100 bytes; send a shorter URL");
  EXPECT_EQ(fault_text(Http1Fault::kHeadTooLarge, limits, 50), head_too_large_text(1000));
  EXPECT_EQ(fault_text(Http1Fault::kTooManyFields, limits, 50), "there are more than 10 header fields; send fewer");
  EXPECT_EQ(fault_text(Http1Fault::kBodyTooLarge, limits, 50), "the body is larger than 50 bytes; send smaller ones");
  EXPECT_EQ(fault_text(Http1Fault::kBadChunk, limits, 50), "malformed chunk");
}

}  // namespace
}  // namespace nanospan::net
