#include "wire/json_reader/json_scalars.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cmath>
#include <optional>
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

// Digits are read eight at a time, and what is beside them in the code page must not pass for one.
TEST(JsonScalars, WholeNumbersOfEveryLengthAndEveryWrongByte) {
  std::string text;
  std::uint64_t value = 0;
  for (int length = 1; length <= 19; ++length) {
    value = value * 10 + static_cast<std::uint64_t>(length % 9 + 1);
    text += static_cast<char>('1' + length % 9);
    EXPECT_EQ(parse_uint64(text), value);
    EXPECT_EQ(parse_int64(text), static_cast<std::int64_t>(value));
    EXPECT_EQ(parse_uint64("0" + text), std::nullopt);
  }
  for (int byte = 0; byte < 256; ++byte) {
    if (byte >= '0' && byte <= '9') continue;
    if (byte == '.' || byte == 'e' || byte == 'E') continue;  // Of a number, though not of a whole one.
    for (std::size_t at = 1; at < 19; ++at) {
      std::string wrong = text;
      wrong[at] = static_cast<char>(byte);
      EXPECT_EQ(parse_uint64(wrong), std::nullopt) << wrong;
    }
  }
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

// Of one text, or nothing.
std::optional<std::string> decoded(std::uint8_t* (*put)(std::uint8_t*, std::string_view), std::string_view text) {
  std::string bytes(text.size() + 2, '\0');
  auto* const start = reinterpret_cast<std::uint8_t*>(bytes.data());
  const std::uint8_t* const end = put(start, text);
  if (end == nullptr) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(end - start));
  return bytes;
}

TEST(JsonScalars, HexOfEitherCase) {
  EXPECT_EQ(decoded(put_from_hex, "00fFaB"), std::string("\x00\xFF\xAB", 3));
  EXPECT_EQ(decoded(put_from_hex, ""), "");
  for (const char* bad : {"0", "0g", "g0", "zz", " 0", "0x",
                          "0000\xFF"
                          "0"}) {
    EXPECT_EQ(decoded(put_from_hex, bad), std::nullopt) << bad;
  }
}

// Sixteen at a time: each byte at each place.
TEST(JsonScalars, HexOfIds) {
  const std::string id = "0123456789abcdefFEDCBA9876543210";
  EXPECT_EQ(decoded(put_from_hex, id),
            std::string("\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10", 16));
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t at = 0; at < id.size(); ++at) {
      std::string other = id;
      other[at] = static_cast<char>(byte);
      const bool is_hex = byte < 128 && std::isxdigit(byte) != 0;
      EXPECT_EQ(decoded(put_from_hex, other).has_value(), is_hex) << other;
    }
  }
}

}  // namespace
}  // namespace nanospan::wire
