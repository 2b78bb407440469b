// Which attributes go the short way; that it says the same as the long one: otlp_json_in_test.cc.
#include "wire/json_reader/plain_attribute.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

namespace nanospan::wire {
namespace {

// What is written of an attribute of field 9 that stands before a lot of other text; nothing if it is not plain.
std::optional<std::string> written(const std::string& attribute) {
  const std::string document = attribute + std::string(100, ' ');
  std::array<std::uint8_t, kPlainAttributeRoom> out;
  std::uint8_t* to = out.data();
  const char* const end = put_plain_attribute(document.data(), document.data() + document.size(), 9, to);
  if (end == nullptr) return std::nullopt;
  EXPECT_EQ(end, document.data() + attribute.size());
  return std::string(out.data(), to);
}

TEST(PlainAttribute, StringsWholeNumbersAndBools) {
  EXPECT_EQ(written(R"({"key":"k","value":{"stringValue":"v"}})"), "\x4A\x08\x0A\x01k\x12\x03\x0A\x01v");
  EXPECT_EQ(written(R"({"key":"k","value":{"intValue":"443"}})"), "\x4A\x08\x0A\x01k\x12\x03\x18\xBB\x03");
  EXPECT_EQ(written(R"({"key":"k","value":{"intValue":443}})"), "\x4A\x08\x0A\x01k\x12\x03\x18\xBB\x03");
  EXPECT_EQ(written(R"({"key":"k","value":{"boolValue":true}})"), "\x4A\x07\x0A\x01k\x12\x02\x10\x01");
  const std::string url(200, 'u');
  EXPECT_EQ(written(R"({"key":"k","value":{"stringValue":")" + url + R"("}})"),
            "\x4A\xD1\x01\x0A\x01k\x12\xCB\x01\x0A\xC8\x01" + url);
}

TEST(PlainAttribute, NothingElse) {
  for (const char* other :
       {R"({ "key":"k","value":{"stringValue":"v"}})", R"({"key":"","value":{"stringValue":"v"}})",
        R"({"key":"k","value":{"stringValue":"\n"}})", "{\"key\":\"k\",\"value\":{\"stringValue\":\"\xC3\xA9\"}}",
        R"({"key":"k","value":{"intValue":"-1"}})", R"({"key":"k","value":{"intValue":"9223372036854775808"}})",
        R"({"key":"k","value":{"intValue":"1}})", R"({"key":"k","value":{"intValue":01}})",
        R"({"key":"k","value":{"boolValue":"true"}})", R"({"key":"k","value":{"doubleValue":1}})",
        R"({"key":"k","value":{"stringValue":"v"},"x":1})", R"({"key":"k","value":{}})"}) {
    EXPECT_EQ(written(other), std::nullopt) << other;
  }
  const std::string long_text(kPlainAttributeRoom, 'v');
  EXPECT_EQ(written(R"({"key":"k","value":{"stringValue":")" + long_text + R"("}})"), std::nullopt);
}

TEST(PlainAttribute, NotNearTheEndOfTheDocument) {
  const std::string document = R"({"key":"k","value":{"stringValue":"v"}})";
  std::array<std::uint8_t, kPlainAttributeRoom> out;
  std::uint8_t* to = out.data();
  for (std::size_t size = 0; size <= document.size(); ++size) {
    const std::string cut = document.substr(0, size);  // With AddressSanitizer: nothing behind it is read.
    EXPECT_EQ(put_plain_attribute(cut.data(), cut.data() + cut.size(), 9, to), nullptr);
  }
}

}  // namespace
}  // namespace nanospan::wire
