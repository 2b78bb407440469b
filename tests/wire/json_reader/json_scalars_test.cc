#include "wire/json_reader/json_scalars.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace nanospan::wire {
namespace {

TEST(JsonScalars, Int64) {
  EXPECT_EQ(parse_int64("0"), 0);
  EXPECT_EQ(parse_int64("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(parse_int64("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(parse_int64("1.0"), 1);
  EXPECT_EQ(parse_int64("-1e3"), -1000);
  for (const char* bad :
       {"", "-", "+1", "01", " 1", "1 ", "1.", ".5", "0.5", "1e", "0x1", "9223372036854775808", "1e19", "NaN", "inf"}) {
    EXPECT_EQ(parse_int64(bad), std::nullopt) << bad;
  }
}

TEST(JsonScalars, Uint64) {
  EXPECT_EQ(parse_uint64("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(parse_uint64("1e3"), 1000U);
  for (const char* bad : {"", "-1", "-1.0", "18446744073709551616", "1e20", "0.1"})
    EXPECT_EQ(parse_uint64(bad), std::nullopt) << bad;
}

TEST(JsonScalars, Double) {
  EXPECT_EQ(parse_double("1e300"), 1e300);
  EXPECT_EQ(parse_double("100000000000000000000"), 1e20);
  EXPECT_EQ(parse_double("-0"), 0.0);
  EXPECT_TRUE(std::isnan(*parse_double("NaN")));
  EXPECT_EQ(parse_double("-Infinity"), -INFINITY);
  for (const char* bad : {"", "nan", "inf", "infinity", "+1", "1.", "0x1p3", "1e400", "1,5"}) {
    EXPECT_EQ(parse_double(bad), std::nullopt) << bad;
  }
}

TEST(JsonScalars, HexOfEitherCase) {
  std::string out = "+";
  EXPECT_TRUE(append_from_hex("00fFaB", out));
  EXPECT_EQ(out, std::string("+\x00\xFF\xAB", 4));
  for (const char* bad : {"0", "0g", "zz", " 0", "0x"}) {
    EXPECT_FALSE(append_from_hex(bad, out)) << bad;
    EXPECT_EQ(out.size(), 4U);
  }
}

}  // namespace
}  // namespace nanospan::wire
