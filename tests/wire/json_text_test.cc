#include "wire/json_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace nanospan::wire {
namespace {

using namespace std::string_literals;

template <class Argument>
std::string text_of(void (*append)(Argument, std::string&), Argument argument) {
  std::string out;
  append(argument, out);
  return out;
}
std::string string_of(std::string_view text) { return text_of<std::string_view>(&append_json_string, text); }
std::string double_of(double value) { return text_of<double>(&append_json_double, value); }

TEST(JsonText, StringsEscapeWhatTheyMust) {
  EXPECT_EQ(string_of(""), R"("")");
  EXPECT_EQ(string_of("plain"), R"("plain")");
  EXPECT_EQ(string_of("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(string_of("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(string_of("\x00\x01\x1F\x7F"s), "\"\\u0000\\u0001\\u001f\x7F\"");
  EXPECT_EQ(string_of("caf\xC3\xA9"), "\"caf\xC3\xA9\"");
}

TEST(JsonText, SeparatorsOfLinesAndParagraphsStayAsTheyAre) {
  // U+2028 and U+2029: RFC 8259, 7 wants no escape, Go's protojson and the Collector (pdata by jsoniter) make none, and
  // JavaScript takes them in strings since ES2019.
  EXPECT_EQ(string_of("a\u2028b\u2029"), "\"a\u2028b\u2029\"");
}

TEST(JsonText, DoublesAreShortestAndReadBack) {
  EXPECT_EQ(double_of(0.1), "0.1");
  EXPECT_EQ(double_of(1), "1");
  EXPECT_EQ(double_of(-0.0), "-0");
  EXPECT_EQ(double_of(1e300), "1e+300");
  EXPECT_EQ(double_of(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(double_of(std::nan("")), R"("NaN")");
  EXPECT_EQ(double_of(INFINITY), R"("Infinity")");
  EXPECT_EQ(double_of(-INFINITY), R"("-Infinity")");
}

TEST(JsonText, Integers) {
  EXPECT_EQ(text_of<std::int64_t>(&append_decimal, INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(text_of<std::uint64_t>(&append_decimal, UINT64_MAX), "18446744073709551615");
}

TEST(JsonText, Hex) { EXPECT_EQ(text_of<std::string_view>(&append_hex, "\x00\x0F\xA5\xFF"s), "000fa5ff"); }

}  // namespace
}  // namespace nanospan::wire
