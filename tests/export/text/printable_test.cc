#include "export/text/printable.h"

#include <gtest/gtest.h>

namespace nanospan::exporters {
namespace {

std::string printable(std::string_view text, std::size_t max = 100) {
  std::string out;
  append_printable(text, max, out);
  return out;
}

TEST(Printable, KeepsText) { EXPECT_EQ(printable("café \xF0\x9F\x9A\x80 ok"), "café \xF0\x9F\x9A\x80 ok"); }

TEST(Printable, EscapesWhatMovesATerminal) {
  EXPECT_EQ(printable("a\x1b[2J\r\n\x7f"), "a\\x1b[2J\\x0d\\x0a\\x7f");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\\x9b31m")
      << "C1: CSI in one character";
  EXPECT_EQ(printable("\xC2\xA0"), "\xC2\xA0");
}

TEST(Printable, RepairsUtf8) { EXPECT_EQ(printable("a\xff"), "a\xEF\xBF\xBD"); }

TEST(Printable, CutsOnACodePoint) { EXPECT_EQ(printable("ééé", 2), "éé..."); }

TEST(Printable, IllFormedBytesCountToo) {
  EXPECT_EQ(printable(std::string(10'000, '\xB5'), 2), "\xEF\xBF\xBD\xEF\xBF\xBD...");
  EXPECT_EQ(printable("", 0), "");
  EXPECT_EQ(printable("x", 0), "...");
}

}  // namespace
}  // namespace nanospan::exporters
