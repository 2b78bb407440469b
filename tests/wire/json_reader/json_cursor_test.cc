// Tokens alone; whole documents: otlp_json_in_test.cc, and fuzz/json_in_fuzz.cc with simdjson as the judge.
#include "wire/json_reader/json_cursor.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace nanospan::wire {
namespace {

std::optional<std::string> unescaped(std::string_view raw) {
  std::string out(raw.size(), '\0');
  auto* const start = reinterpret_cast<std::uint8_t*>(out.data());
  const std::uint8_t* const end = put_unescaped(start, raw);
  EXPECT_EQ(end != nullptr, is_unescapable(raw)) << raw;
  if (end == nullptr) return std::nullopt;
  out.resize(static_cast<std::size_t>(end - start));
  return out;
}

TEST(JsonCursor, NamesAreTakenOnlyWhole) {
  for (const std::string name : {"", "a", "key", "name", "spans", "traceId", "spanKind", "droppedLinksCount",
                                 "droppedAttributesCount", "exactlyTwentyFourLetters", "longerThanTwentyFourLetters"}) {
    const std::string document = "\"" + name + "\":";
    EXPECT_TRUE(JsonCursor(document).take_name(name)) << name;
    EXPECT_FALSE(JsonCursor(document).take_name(name + "x")) << name;
    EXPECT_FALSE(JsonCursor("\"" + name).take_name(name)) << name;
    EXPECT_FALSE(JsonCursor("\"" + name + "\"").take_name(name)) << name;
    EXPECT_FALSE(JsonCursor("\"" + name + "\" :").take_name(name)) << name;
    EXPECT_FALSE(JsonCursor("\"" + name + "x\":").take_name(name)) << name;
    for (std::size_t i = 0; i < name.size() + 2; ++i) {
      std::string other = document;
      other[i + 1] ^= 1;
      EXPECT_FALSE(JsonCursor(other).take_name(name)) << other;
    }
  }
}

TEST(JsonCursor, EscapesMeanTheirCharacters) {
  EXPECT_EQ(unescaped(R"(plain)"), "plain");
  EXPECT_EQ(unescaped(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(unescaped(R"(\u0041\u00e9\u20AC\ud83d\ude00)"), "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(unescaped(R"(\u0000)"), std::string(1, '\0'));
  for (const char* bad : {R"(\)", R"(\x)", R"(\u12)", R"(\u12g4)", R"(\ud83d)", R"(\ud83dx)", R"(\ud83d\u0041)",
                          R"(\ud83d\n)", R"(\ude00)", R"(\ud83d\ud83d)"}) {
    EXPECT_EQ(unescaped(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace nanospan::wire
