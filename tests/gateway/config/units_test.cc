// Durations, sizes and integers as the Collector's users write them.
#include "gateway/config/units.h"

#include <gtest/gtest.h>

namespace nanospan::gateway {
namespace {

constexpr std::uint64_t kMilli = 1'000'000, kSecond = 1'000'000'000;

TEST(Units, DurationsFollowGoSyntax) {
  EXPECT_EQ(*parse_duration("200ms"), 200 * kMilli);
  EXPECT_EQ(*parse_duration("1h15m"), 75 * 60 * kSecond);
  EXPECT_EQ(*parse_duration("1.5s"), 1500 * kMilli);
  EXPECT_EQ(*parse_duration("2m3.5s"), 123'500 * kMilli);
  EXPECT_EQ(*parse_duration("7us"), 7'000u);
  EXPECT_EQ(*parse_duration("7\xC2\xB5s"), 7'000u);
  EXPECT_EQ(*parse_duration("0"), 0u);
}

TEST(Units, WrongDurationsSayWhatWouldBeRight) {
  EXPECT_EQ(parse_duration("5").error().message, "\"5\" has no unit; write it as 200ms, 5s, 1m30s or 1h");
  for (const char* wrong : {"", "s", "5x", "-5s", "1s2", "1..5s", "5 s", "1e3s"})
    EXPECT_FALSE(parse_duration(wrong).ok()) << wrong;
  EXPECT_FALSE(parse_duration("99999999999h").ok());
}

TEST(Units, FormattedDurationsReadBack) {
  EXPECT_EQ(format_duration(90 * kSecond), "1m30s");
  EXPECT_EQ(format_duration(200 * kMilli), "200ms");
  EXPECT_EQ(format_duration(911'284'951), "911.284951ms");
  EXPECT_EQ(format_duration(3600 * kSecond), "1h");
  for (const std::uint64_t nanos :
       {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{1'500}, 61 * kSecond + 250 * kMilli, 3661 * kSecond}) {
    EXPECT_EQ(*parse_duration(format_duration(nanos)), nanos);
  }
}

TEST(Units, ByteSizes) {
  EXPECT_EQ(*parse_byte_size("20971520"), 20971520u);
  EXPECT_EQ(*parse_byte_size("65_536"), 65536u);
  EXPECT_EQ(*parse_byte_size("64MiB"), 64u << 20);
  EXPECT_EQ(*parse_byte_size("1.5 GB"), 1'500'000'000u);
  EXPECT_EQ(*parse_byte_size("512k"), 512'000u);
  for (const char* wrong : {"", "MiB", "5x", "-1", "1kk", "1ib", "1Kibb"})
    EXPECT_FALSE(parse_byte_size(wrong).ok()) << wrong;
  EXPECT_EQ(format_byte_size(20u << 20), "20 MiB");
  EXPECT_EQ(format_byte_size(1536), "1.5 KiB");
}

TEST(Units, Integers) {
  EXPECT_EQ(*parse_integer("0x10"), 16);
  EXPECT_EQ(*parse_integer("0123"), 83);  // YAML 1.1, as the Collector
  EXPECT_EQ(*parse_integer("-7"), -7);
  for (const char* wrong : {"", "-", "1.5", "9223372036854775808", "08", "1 "})
    EXPECT_FALSE(parse_integer(wrong).ok()) << wrong;
}

TEST(Units, NearestFindsSlipsOnly) {
  EXPECT_EQ(nearest("endpont", {"endpoint", "cors"}), "endpoint");
  EXPECT_EQ(nearest("Endpoint", {"endpoint"}), "endpoint");
  EXPECT_EQ(nearest("banana", {"endpoint", "cors"}), "");
}

}  // namespace
}  // namespace nanospan::gateway
