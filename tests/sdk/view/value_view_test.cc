// ValueView and AttributesView, over bytes of our own encoder and over hostile ones.
#include <gtest/gtest.h>
#include <nanospan/span_view.h>

#include <cmath>
#include <limits>
#include <vector>

#include "sdk/trace/value_encoder.h"
#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan {
namespace {

using Type = AttributeValue::Type;
namespace otlp = wire::otlp;
using Buffer = std::vector<std::uint8_t>;

class Encoded {
 public:
  explicit Encoded(const AttributeValue& value) : bytes_(sdk::any_value_size(value, {})) {
    sdk::put_any_value(bytes_.data(), value, {});
  }
  ValueView view() const { return ValueView(bytes_); }

 private:
  Buffer bytes_;
};

std::string text_of(const AttributeValue& value) { return Encoded(value).view().to_text(); }

TEST(ValueView, ReadsEachTypeAndGivesNothingForOthers) {
  const Encoded text("abc"), integer(-5), real(2.5), flag(true), empty{AttributeValue()};
  const std::uint8_t raw[] = {1, 2, 3};
  const Encoded bytes{std::span<const std::uint8_t>(raw)};
  EXPECT_EQ(text.view().type(), Type::kString);
  EXPECT_EQ(text.view().as_string(), "abc");
  EXPECT_EQ(text.view().as_int(), 0);
  EXPECT_EQ(integer.view().type(), Type::kInt);
  EXPECT_EQ(integer.view().as_int(), -5);
  EXPECT_EQ(integer.view().as_string(), "");
  EXPECT_FALSE(integer.view().as_bool());
  EXPECT_EQ(real.view().type(), Type::kDouble);
  EXPECT_EQ(real.view().as_double(), 2.5);
  EXPECT_EQ(flag.view().type(), Type::kBool);
  EXPECT_TRUE(flag.view().as_bool());
  EXPECT_EQ(flag.view().as_int(), 0);
  EXPECT_EQ(flag.view().as_double(), 0);
  EXPECT_EQ(bytes.view().type(), Type::kBytes);
  EXPECT_EQ(bytes.view().as_bytes().size(), 3U);
  EXPECT_EQ(empty.view().type(), Type::kEmpty);
  EXPECT_EQ(ValueView().type(), Type::kEmpty);
}

TEST(ValueView, WalksArraysAndMaps) {
  const std::int64_t numbers[] = {1, 2, 3};
  std::int64_t sum = 0;
  const Encoded array{std::span<const std::int64_t>(numbers)};
  array.view().for_each_element([&](ValueView element) { sum += element.as_int(); });
  EXPECT_EQ(sum, 6);
  EXPECT_EQ(array.view().type(), Type::kArray);

  const Attribute entries[] = {{"a", 1}, {"b", "x"}};
  std::string seen;
  const Encoded map{std::span<const Attribute>(entries)};
  map.view().for_each_entry(
      [&](std::string_view key, ValueView value) { (seen += key) += "=" + value.to_text() + ";"; });
  EXPECT_EQ(seen, "a=1;b=x;");
  EXPECT_EQ(map.view().type(), Type::kMap);
  map.view().for_each_element([](ValueView) { FAIL() << "a map is no array"; });
}

// common/README.md "AnyValue representation for non-OTLP protocols".
TEST(AnyValueText, ScalarsAreWrittenAsTheyAre) {
  EXPECT_EQ(text_of("a \"b\"\n"), "a \"b\"\n");
  EXPECT_EQ(text_of(true), "true");
  EXPECT_EQ(text_of(false), "false");
  EXPECT_EQ(text_of(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(text_of(0.1), "0.1");
  EXPECT_EQ(text_of(AttributeValue()), "");
}

TEST(AnyValueText, NanAndInfinityHaveNoQuotesOutsideJson) {
  EXPECT_EQ(text_of(std::nan("")), "NaN");
  EXPECT_EQ(text_of(std::numeric_limits<double>::infinity()), "Infinity");
  EXPECT_EQ(text_of(-std::numeric_limits<double>::infinity()), "-Infinity");
  const double values[] = {1.5, std::nan(""), -std::numeric_limits<double>::infinity()};
  EXPECT_EQ(text_of(std::span<const double>(values)), R"([1.5,"NaN","-Infinity"])");
}

TEST(AnyValueText, BytesAreBase64) {
  const std::uint8_t raw[] = {'h', 'e', 'l', 'l', 'o'};
  EXPECT_EQ(text_of(std::span<const std::uint8_t>(raw)), "aGVsbG8=");
}

TEST(AnyValueText, ArraysAndMapsAreJson) {
  const std::uint8_t raw[] = {0xFF};
  const AttributeValue inner[] = {AttributeValue("a\"b"), AttributeValue(),
                                  AttributeValue(std::span<const std::uint8_t>(raw)), AttributeValue(2)};
  const Attribute entries[] = {{"list", std::span<const AttributeValue>(inner)}, {"flag", true}};
  EXPECT_EQ(text_of(std::span<const Attribute>(entries)), R"({"list":["a\"b",null,"/w==",2],"flag":true})");
  EXPECT_EQ(text_of(std::span<const AttributeValue>()), "[]");
  EXPECT_EQ(text_of(std::span<const Attribute>()), "{}");
}

TEST(AnyValueText, NestingWithoutEndIsCutOff) {
  Buffer value;
  for (int level = 0; level < 2000; ++level) {
    Buffer array, outer;
    wire::Appender(array).bytes_field(otlp::ArrayValue::kValues,
                                      {reinterpret_cast<const char*>(value.data()), value.size()});
    wire::Appender(outer).bytes_field(otlp::AnyValue::kArrayValue,
                                      {reinterpret_cast<const char*>(array.data()), array.size()});
    value = outer;
  }
  const std::string text = ValueView(value).to_text();
  EXPECT_NE(text.find("[null]"), std::string::npos);
  EXPECT_LT(text.size(), 300U);
}

TEST(ValueView, OfAOneofTheLastMemberCounts) {
  Buffer bytes;
  wire::Appender out(bytes);
  out.varint_field(otlp::AnyValue::kIntValue, 1);
  out.bytes_field(otlp::AnyValue::kStringValue, "last");
  out.varint_field(99, 1);
  EXPECT_EQ(ValueView(bytes).type(), Type::kString);
  EXPECT_EQ(ValueView(bytes).to_text(), "last");
}

TEST(ValueView, MalformedBytesReadAsIfTheyEndedThere) {
  const Buffer cut = {0x0A, 0x05, 'a'};
  EXPECT_EQ(ValueView(cut).type(), Type::kEmpty);
  const Buffer text_then_group = {0x0A, 0x01, 'a', 0x0B};
  EXPECT_EQ(ValueView(text_then_group).as_string(), "a");
  const Buffer array_cut = {0x2A, 0x04, 0x0A, 0x02, 0x10, 0x01};
  EXPECT_EQ(ValueView(array_cut).to_text(), "[true]");
  const Buffer array_element_cut = {0x2A, 0x02, 0x0A, 0x05};
  EXPECT_EQ(ValueView(array_element_cut).to_text(), "[]");
  const Buffer wrong_type = {0x08, 0x01};
  EXPECT_EQ(ValueView(wrong_type).type(), Type::kEmpty);
}

TEST(ValueView, JsonIsValidUtf8EvenOfBytesThatAreNot) {
  Buffer element, array, value;
  wire::Appender(element).bytes_field(otlp::AnyValue::kStringValue, "\xFF");
  wire::Appender(array).bytes_field(otlp::ArrayValue::kValues,
                                    {reinterpret_cast<const char*>(element.data()), element.size()});
  wire::Appender(value).bytes_field(otlp::AnyValue::kArrayValue,
                                    {reinterpret_cast<const char*>(array.data()), array.size()});
  EXPECT_EQ(ValueView(value).to_text(), "[\"\xEF\xBF\xBD\"]");
}

TEST(AttributesView, WalksInWireOrderAndFindsByKey) {
  std::string message;
  wire::Appender out(message);
  out.bytes_field(otlp::Span::kName, "name");
  const Attribute attributes[] = {{"a", 1}, {"b", "x"}, {"c", AttributeValue()}};
  ASSERT_EQ(sdk::append_attributes(message, otlp::Span::kAttributes, Attributes(attributes), 128, {}), 0U);
  out.varint_field(otlp::Span::kKind, 1);

  const AttributesView view({reinterpret_cast<const std::uint8_t*>(message.data()), message.size()},
                            otlp::Span::kAttributes);
  std::string keys;
  for (const AttributeView& attribute : view) keys += attribute.key;
  EXPECT_EQ(keys, "abc");
  EXPECT_EQ(view.size(), 3U);
  EXPECT_FALSE(view.empty());
  EXPECT_EQ(view["a"].as_int(), 1);
  EXPECT_EQ(view["b"].as_string(), "x");
  EXPECT_TRUE(view.contains("c"));
  EXPECT_FALSE(view.contains("d"));
  EXPECT_EQ(view["d"].type(), Type::kEmpty);
  EXPECT_EQ(view.begin()->key, "a");
}

TEST(AttributesView, AnEmptyMessageHasNone) {
  const AttributesView view({}, otlp::Span::kAttributes);
  EXPECT_TRUE(view.empty());
  EXPECT_EQ(view.size(), 0U);
}

}  // namespace
}  // namespace nanospan
