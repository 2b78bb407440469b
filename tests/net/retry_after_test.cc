#include "net/retry_after.h"

#include <gtest/gtest.h>

namespace nanospan::net {
namespace {

constexpr std::uint64_t kSecond = base::kNanosPerSecond;
constexpr base::UnixNanos kNow = 784'111'777 * kSecond;  // Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110, 5.6.7)

TEST(RetryAfter, Seconds) {
  EXPECT_EQ(parse_retry_after("0", kNow), 0u);
  EXPECT_EQ(parse_retry_after("120", kNow), 120 * kSecond);
  for (const char* much : {"86400", "86401", "18446744073709551615", "99999999999999999999999"}) {
    EXPECT_EQ(parse_retry_after(much, kNow), 86'400 * kSecond) << "a day at most";
  }
}

TEST(RetryAfter, Dates) {
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", kNow), 30 * kSecond);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", kNow), 0u);
  EXPECT_EQ(parse_retry_after("Fri, 31 Dec 1993 23:59:59 GMT", kNow), 0u) << "has passed";
  EXPECT_EQ(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", kNow), 86'400 * kSecond) << "a day at most";
}

TEST(RetryAfter, NeitherForm) {
  for (const char* bad : {"", " ", "-1", "+1", "1.5", "1s", "soon", "Sunday, 06-Nov-94 08:49:37 GMT",
                          "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Foo 1994 08:49:37 GMT",
                          "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT "}) {
    EXPECT_EQ(parse_retry_after(bad, kNow), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace nanospan::net
