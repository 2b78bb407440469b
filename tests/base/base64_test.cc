#include "base/base64.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace nanospan::base {
namespace {

std::string encoded(std::string_view bytes) {
  std::string out;
  append_base64(bytes, out);
  return out;
}
std::optional<std::string> decoded(std::string_view text, Base64Alphabet alphabet = Base64Alphabet::kStandard) {
  std::string out = "kept ";
  if (append_from_base64(text, out, alphabet)) return out.substr(5);
  EXPECT_EQ(out, "kept ") << text;
  return std::nullopt;
}

TEST(Base64, TestVectorsOfRfc4648) {
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
  EXPECT_EQ(encoded("\xFB\xFF\xFE"), "+//+");
}

TEST(Base64, IsReadWithAndWithoutPadding) {
  EXPECT_EQ(decoded("Zg=="), "f");
  EXPECT_EQ(decoded("Zg"), "f");
  EXPECT_EQ(decoded("Zm8="), "fo");
  EXPECT_EQ(decoded("Zm8"), "fo");
  EXPECT_EQ(decoded("Zm9v"), "foo");
  EXPECT_EQ(decoded(""), "");
}

TEST(Base64, TheAlphabetForUrlsIsReadWhereItIsAskedFor) {
  EXPECT_EQ(decoded("+//+"), "\xFB\xFF\xFE");
  EXPECT_EQ(decoded("+//+", Base64Alphabet::kStandardOrUrl), "\xFB\xFF\xFE");
  EXPECT_EQ(decoded("-__-", Base64Alphabet::kStandardOrUrl), "\xFB\xFF\xFE");
  EXPECT_EQ(decoded("-__-"), std::nullopt);
}

TEST(Base64, WhatIsNotBase64LeavesTheOutputAsItWas) {
  for (const char* wrong : {"Z", "Zm9vY", "Zg=", "Z===", "====", "Zg==Zg==", "Zm 9", "Z g=", "Zm9vYg\n"}) {
    EXPECT_EQ(decoded(wrong), std::nullopt) << wrong;
    EXPECT_EQ(decoded(wrong, Base64Alphabet::kStandardOrUrl), std::nullopt) << wrong;
  }
}

TEST(Base64, RoundTripAtEverySize) {
  std::string bytes;
  for (int i = 0; i < 70; ++i) {
    EXPECT_EQ(decoded(encoded(bytes)), bytes);
    bytes += static_cast<char>(i * 37 + 200);
  }
}

}  // namespace
}  // namespace nanospan::base
