// Actions on lists of attributes, written as "key=value" texts; values have the types of the Collector.
#include "gateway/processors/attribute_actions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "gateway/processors/any_value.h"
#include "gateway/processors/attribute_list.h"
#include "gateway/processors/go_number.h"
#include "tests/gateway/config_text.h"
#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan::gateway {
namespace {

namespace otlp = wire::otlp;

std::string scalar_of(std::string_view any) {
  const AnyScalar value = read_any(any);
  const std::string text = any_text(value).value_or("?");
  switch (value.kind) {
    case AnyKind::kString:
      return "\"" + text + "\"";
    case AnyKind::kDouble:
      return text + "d";
    default:
      return text;
  }
}

class AttributeActionsTest : public ::testing::Test {
 protected:
  /// The list "a=1 b=\"x\"" after the actions.
  std::string after(const std::string& actions, const std::string& list) {
    testing::ConfigText text("actions:\n" + actions);
    const AttributeActions parsed = AttributeActions::read(text.reader, "actions");
    EXPECT_EQ(text.errors(), "");
    testing::ConfigText values("{" + list + "}");
    std::string bytes;
    for (const ConfigNode::Entry& entry : values.root.entries) {
      std::string pair;
      wire::Appender(pair).bytes_field(otlp::KeyValue::kKey, entry.key);
      wire::Appender(pair).bytes_field(otlp::KeyValue::kValue, any_of(entry.value));
      wire::Appender(bytes).bytes_field(otlp::Span::kAttributes, pair);
    }
    AttributeList attributes;
    for (wire::Reader reader(bytes); reader.next();) attributes.add(reader);
    parsed.apply(attributes);
    std::string written;
    attributes.write(otlp::Span::kAttributes, written);
    EXPECT_EQ(attributes.changed(), written != bytes);
    AttributeList reread;
    std::string out;
    for (wire::Reader reader(written); reader.next();) reread.add(reader);
    for (const AttributeList::Attribute& attribute : reread.all())
      out += (out.empty() ? "" : " ") + std::string(attribute.key) + "=" + scalar_of(attribute.value);
    return out;
  }
  std::string errors(const std::string& action) {
    testing::ConfigText text("actions:\n- " + action + "\n");
    AttributeActions::read(text.reader, "actions");
    return text.errors();
  }
};

TEST_F(AttributeActionsTest, InsertUpdateUpsert) {
  EXPECT_EQ(after("- {key: a, value: 5, action: insert}\n", "a: 1"), "a=1");
  EXPECT_EQ(after("- {key: b, value: 5, action: insert}\n", "a: 1"), "a=1 b=5");
  EXPECT_EQ(after("- {key: a, value: x, action: update}\n", "a: 1, c: 2"), "a=\"x\" c=2");
  EXPECT_EQ(after("- {key: b, value: x, action: update}\n", "a: 1"), "a=1");
  EXPECT_EQ(after("- {key: a, value: true, action: upsert}\n- {key: b, value: 1.5, action: UPSERT}\n", "a: 1"),
            "a=true b=1.5d");
  EXPECT_EQ(after("- {key: b, value: \"5\", action: upsert}\n", ""), "b=\"5\"");
  EXPECT_EQ(
      after("- {key: b, from_attribute: a, action: insert}\n- {key: c, from_attribute: x, action: upsert}\n", "a: 7"),
      "a=7 b=7");
}

TEST_F(AttributeActionsTest, Delete) {
  EXPECT_EQ(after("- {key: a, action: delete}\n", "a: 1, b: 2, ab: 3"), "b=2 ab=3");
  EXPECT_EQ(after("- {pattern: \"^http\\\\.\", action: delete}\n", "http.url: 1, xhttp.url: 2, http.a: 3"),
            "xhttp.url=2");
  EXPECT_EQ(after("- {pattern: ^h, action: delete}\n", "'': 1, ha: 2"), "=1")
      << "a key that is not given picks nothing";
  EXPECT_EQ(after("- {pattern: ^h, action: hash}\n", "'': 1"), "=1");
}

TEST_F(AttributeActionsTest, HashIsSha256OfTheValue) {
  EXPECT_EQ(after("- {key: a, action: hash}\n", "a: abc"),
            "a=\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"");
  // Eight bytes, little-endian, of an int; one byte of a bool.
  EXPECT_EQ(after("- {key: a, action: hash}\n", "a: 1"),
            "a=\"7c9fa136d4413fa6173637e883b6998d32e1d675f88cddff9dcbcf331820f4b8\"");
  EXPECT_EQ(after("- {key: a, action: hash}\n", "a: true"),
            "a=\"4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a\"");
  EXPECT_EQ(after("- {key: a, action: hash}\n", "a: ''"),
            "a=\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"");
}

TEST_F(AttributeActionsTest, ExtractMakesAttributesOfGroups) {
  const std::string action = "- {key: url, pattern: '^(?P<scheme>\\w+)://(?P<host>[^/]*)', action: extract}\n";
  EXPECT_EQ(after(action, "url: \"http://a/b\", host: old"), "url=\"http://a/b\" host=\"a\" scheme=\"http\"");
  EXPECT_EQ(after(action, "url: nothing"), "url=\"nothing\"");
  EXPECT_EQ(after(action, "url: 5"), "url=5");
}

TEST_F(AttributeActionsTest, Convert) {
  EXPECT_EQ(after("- {key: a, converted_type: int, action: convert}\n", "a: \"42\""), "a=42");
  EXPECT_EQ(after("- {key: a, converted_type: int, action: convert}\n", "a: 4x"), "a=\"4x\"");
  EXPECT_EQ(after("- {key: a, converted_type: int, action: convert}\n", "a: 2.9"), "a=2");
  EXPECT_EQ(after("- {key: a, converted_type: int, action: convert}\n", "a: true"), "a=1");
  EXPECT_EQ(after("- {key: a, converted_type: double, action: convert}\n", "a: \"1.5\""), "a=1.5d");
  EXPECT_EQ(after("- {key: a, converted_type: double, action: convert}\n", "a: 2"), "a=2d");
  EXPECT_EQ(after("- {key: a, converted_type: string, action: convert}\n", "a: 1.5, b: 1"), "a=\"1.5\" b=1");
  EXPECT_EQ(after("- {key: a, converted_type: string, action: convert}\n", "a: [1]"), "a=\"[1]\"");
  EXPECT_EQ(after("- {key: a, converted_type: int, action: convert}\n", "a: [1]"), "a=?") << "left as it is";
  EXPECT_EQ(after("- {key: a, converted_type: int, action: convert}\n", "a: \"+42\""), "a=42");
  EXPECT_EQ(after("- {key: a, converted_type: double, action: convert}\n", "a: \"+1.5\""), "a=1.5d");
}

// What Go's strconv makes of these (go 1.26).
TEST(GoNumber, Int) {
  EXPECT_EQ(parse_go_int("+42"), 42);
  EXPECT_EQ(parse_go_int("-42"), -42);
  EXPECT_EQ(parse_go_int("007"), 7);
  EXPECT_EQ(parse_go_int("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_go_int("+9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"", "+", "-", "++1", "+-1", "-+1", " 1", "1 ", "1_000", "_1", "0x10", "1.0", "1e3",
                           "9223372036854775808", "-9223372036854775809"}) {
    EXPECT_EQ(parse_go_int(text), std::nullopt) << text;
  }
}

TEST(GoNumber, Double) {
  const std::vector<std::pair<const char*, double>> numbers = {
      {"+1.5", 1.5},     {"-1.5", -1.5},   {"1_000.5", 1000.5}, {"0_1", 1},          {"1E+3", 1000},
      {".5", 0.5},       {"+.5", 0.5},     {"5.", 5},           {"1e1_0", 1e10},     {"0x1p-2", 0.25},
      {"0X1P-2", 0.25},  {"-0x1.8p1", -3}, {"0x_1p4", 16},      {"0x1_0p0", 16},     {"0x.8p1", 1},
      {"0x1p1_0", 1024}, {"1e-999", 0},    {"0x1p-99999", 0},   {"4.9e-324", 5e-324}};
  for (const auto& [text, number] : numbers) EXPECT_EQ(parse_go_double(text), number) << text;
  for (const char* text : {"inf", "+Inf", "INFINITY"}) EXPECT_EQ(parse_go_double(text), HUGE_VAL) << text;
  EXPECT_EQ(parse_go_double("-iNf"), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(parse_go_double("NaN").value_or(0)));
  for (const char* text : {"",
                           "+",
                           ".",
                           "e3",
                           "1e",
                           "1e+",
                           "++1",
                           "+-1",
                           " 1.5",
                           "1.5 ",
                           "1__0",
                           "_1",
                           "1_",
                           "1_.5",
                           "1._5",
                           "1e_1",
                           "0x10",
                           "0xp1",
                           "0x1p",
                           "0x1_p4",
                           "0x1e3",
                           "0b11",
                           "1.5f",
                           "infinit",
                           "+nan",
                           "-nan",
                           "nan(1)",
                           "1e999",
                           "-1e999",
                           "0x1p99999",
                           "1.7976931348623159e308",
                           "1e+-1"}) {
    EXPECT_EQ(parse_go_double(text), std::nullopt) << text;
  }
}

TEST_F(AttributeActionsTest, SaysWhatIsWrong) {
  EXPECT_EQ(
      errors("{key: a, action: destroy}"),
      "f.yaml:2: it.actions[0].action: \"destroy\" is not one of insert, update, upsert, delete, hash, extract or "
      "convert\nf.yaml:2: it.actions[0].value: is missing; give value or from_attribute\n");
  for (const std::string action :
       {"{action: insert, value: 1}", "{key: a, action: insert}",
        "{key: a, value: 1, from_attribute: b, action: insert}", "{key: a, value: 1, action: delete}",
        "{key: a, pattern: x, value: 1, action: insert}", "{key: a, action: extract}",
        "{key: a, pattern: '(x)', action: extract}", "{key: a, pattern: x, action: extract}",
        "{key: a, pattern: '(', action: hash}", "{key: a, action: convert}",
        "{key: a, converted_type: bool, action: convert}", "{key: a, from_context: x, action: insert, value: 1}",
        "{key: a, converted_type: int, action: delete}", "{kee: a, action: delete}"}) {
    EXPECT_NE(errors(action), "") << action;
  }
}

TEST(AnyValue, TextIsGos) {
  const auto text = [](double number) { return any_text(read_any(any_double(number))).value(); };
  EXPECT_EQ(text(0), "0");
  EXPECT_EQ(text(1e20), "100000000000000000000");
  EXPECT_EQ(text(1e21), "1e+21");
  EXPECT_EQ(text(1e-7), "1e-7");
  EXPECT_EQ(text(0.1), "0.1");
}

TEST(AnyValue, ListsAndMapsAreTextAsGosEncodingOfThem) {
  const auto text = [](const std::string& yaml) {
    return any_as_string(any_of(testing::ConfigText("{value: " + yaml + "}").root.entries[0].value));
  };
  EXPECT_EQ(text("[1, true, 'a \\ \"b\"', null, 1.5]"), R"([1,true,"a \\ \"b\"",null,1.5])");
  EXPECT_EQ(text("{z: [], a: {b: <>}}"), R"({"a":{"b":"<>"},"z":[]})") << "by key";
  EXPECT_EQ(text("plain"), "plain");
  EXPECT_EQ(text("null"), "");
  std::string bytes, list;
  wire::Appender(bytes).bytes_field(otlp::AnyValue::kBytesValue, "\xFF\x01");
  EXPECT_EQ(any_as_string(bytes), "/wE=");
  wire::Appender(list).bytes_field(otlp::ArrayValue::kValues, any_double(NAN));
  std::string of_nan;
  wire::Appender(of_nan).bytes_field(otlp::AnyValue::kArrayValue, list);
  EXPECT_EQ(any_as_string(of_nan), "") << "JSON has no NaN";
}

}  // namespace
}  // namespace nanospan::gateway
