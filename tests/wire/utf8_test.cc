#include "wire/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nanospan::wire {
namespace {

using namespace std::string_literals;

TEST(IsAscii, FindsOneHighByteAnywhereAtAnySize) {
  for (std::size_t size = 0; size <= 150; ++size) {
    std::string text(size, 'a');
    EXPECT_TRUE(is_ascii(text)) << size;
    for (std::size_t at = 0; at < size; ++at) {
      text[at] = '\x80';
      EXPECT_FALSE(is_ascii(text)) << size << " " << at;
      text[at] = '\x7F';
    }
  }
}

TEST(ValidUtf8, BordersOfEveryRow) {
  for (const std::string& good : std::vector<std::string>{
           "", "a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF",
           "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", "\0"s}) {
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  }
  for (const std::string& bad :
       std::vector<std::string>{"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x20", "\xE0\x9F\xBF",
                                "\xE0\x80\x80", "\xED\xA0\x80", "\xED\xBF\xBF", "\xE2\x82", "\xF0\x8F\xBF\xBF",
                                "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xF0\x9F\x98", "ab\xE2\x28\xA1"}) {
    EXPECT_FALSE(is_valid_utf8(bad)) << bad;
  }
}

TEST(ValidUtf8, PrefixEndsAtTheFirstBadSequence) {
  EXPECT_EQ(valid_utf8_prefix("0123456789abcdefghij\xC3\xA9!\xFFmore"), 23U);
  EXPECT_EQ(valid_utf8_prefix("\xE2\x82\xAC\xE2\x82"), 3U);
}

TEST(RepairUtf8, OneReplacementForEachMaximalPiece) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(repair_utf8("plain"), "plain");
  EXPECT_EQ(repair_utf8("a\xFFz"), "a" + mark + "z");
  EXPECT_EQ(repair_utf8("\xF0\x9F\x98"), mark);                // A cut-off start is one piece,
  EXPECT_EQ(repair_utf8("\xED\xA0\x80"), mark + mark + mark);  // a surrogate is three that never began.
  EXPECT_EQ(repair_utf8("\xE2\x82\x41\xC3\xA9"), mark + "A\xC3\xA9");
  // The example of Unicode 15, table 3-8.
  EXPECT_EQ(repair_utf8("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64"),
            "a" + mark + mark + mark + "b" + mark + "c" + mark + mark + "d");
}

TEST(RepairUtf8, EveryPairOfBytesComesOutValid) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      EXPECT_TRUE(is_valid_utf8(repair_utf8(text)));
      EXPECT_EQ(repair_utf8(text) == text, is_valid_utf8(text));
    }
  }
}

TEST(TruncateCodePoints, CountsCodePointsAndNeverCutsOne) {
  EXPECT_EQ(truncate_code_points("hello", 3), "hel");
  EXPECT_EQ(truncate_code_points("hello", 5), "hello");
  EXPECT_EQ(truncate_code_points("hello", 0), "");
  EXPECT_EQ(truncate_code_points("", 0), "");
  EXPECT_EQ(truncate_code_points("\xC3\xA9\xC3\xA9\xC3\xA9", 2), "\xC3\xA9\xC3\xA9");
  EXPECT_EQ(truncate_code_points("\xF0\x9F\x98\x80x", 1), "\xF0\x9F\x98\x80");
  EXPECT_EQ(truncate_code_points("a\xE2\x82\xAC"
                                 "b",
                                 2),
            "a\xE2\x82\xAC");
  EXPECT_EQ(truncate_code_points("a\xE2\x82\xAC"
                                 "b",
                                 3),
            "a\xE2\x82\xAC"
            "b");
}

}  // namespace
}  // namespace nanospan::wire
