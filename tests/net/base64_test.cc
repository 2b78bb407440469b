#include "net/base64.h"

#include <gtest/gtest.h>

#include <random>

namespace nanospan::net {
namespace {

TEST(Base64, BothWaysWithAndWithoutPadding) {
  EXPECT_EQ(encode_base64("f"), "Zg");
  EXPECT_EQ(encode_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(decode_base64("Zg=="), "f");
  EXPECT_EQ(decode_base64("Zg"), "f");
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) {
    std::string bytes(static_cast<std::size_t>(i), '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);
  }
  for (const char* wrong : {"Z", "Zm9vY", "Zm 9", "-_"}) EXPECT_FALSE(decode_base64(wrong).has_value()) << wrong;
}

}  // namespace
}  // namespace nanospan::net
