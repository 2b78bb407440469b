#include <nanospan/attributes.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace nanospan {
namespace {

TEST(AttributeValue, ANullTextIsEmpty) {
  const char* const none = nullptr;
  EXPECT_EQ(AttributeValue(none).type(), AttributeValue::Type::kEmpty);
  EXPECT_EQ(AttributeValue("text").as_string(), "text");
}

// common/README.md "Attribute": what becomes a value, and what does not by accident.
static_assert(!std::is_constructible_v<AttributeValue, const int*>, "a pointer is no bool");
static_assert(!std::is_constructible_v<AttributeValue, std::vector<int*>>);
static_assert(std::is_convertible_v<std::array<double, 2>, AttributeValue>);

AttributeValue value_of(const AttributeList& list, std::string_view key) {
  for (const Attribute& attribute : list) {
    if (attribute.key == key) return attribute.value;
  }
  return {};
}

TEST(AttributeValue, ListsTakeTheTypeOfTheirElements) {
  using Type = AttributeValue::Type;
  const std::vector<std::uint8_t> bytes{1, 2};
  const std::array<bool, 2> bools{true, false};
  const std::vector<std::int64_t> ints{1, 2};
  const std::vector<Attribute> map{{"a", 1}};
  EXPECT_EQ(AttributeValue(bytes).type(), Type::kBytes);
  EXPECT_EQ(AttributeValue(bools).type(), Type::kBoolArray);
  EXPECT_EQ(AttributeValue(ints).as_ints().size(), 2u);
  EXPECT_EQ(AttributeValue(map).as_map().front().key, "a");
  EXPECT_EQ(AttributeValue(std::string("text")).type(), Type::kString);
}

TEST(AttributeList, KeepsCopiesOfAllThatItWasGiven) {
  AttributeList list;
  {
    std::string key = "key";
    std::string text(100, 'x');
    std::vector<std::string_view> names{text, key};
    std::vector<AttributeValue> mixed{AttributeValue(text), AttributeValue(7), AttributeValue(names)};
    std::vector<Attribute> map{{key, mixed}};
    list.add(key, text);
    list.add("map", map);
    list.add("ints", std::vector<std::int64_t>{1, 2, 3});
    key.assign("gone");
    text.assign(100, '-');
  }
  EXPECT_EQ(value_of(list, "key").as_string(), std::string(100, 'x'));
  const Attribute& entry = value_of(list, "map").as_map().front();
  EXPECT_EQ(entry.key, "key");
  EXPECT_EQ(entry.value.as_array()[1].as_int(), 7);
  EXPECT_EQ(entry.value.as_array()[2].as_strings()[1], "key");
  EXPECT_EQ(value_of(list, "ints").as_ints()[2], 3);
}

TEST(AttributeList, OfEqualKeysTheLastOneWins) {
  AttributeList list{{"a", 1}, {"b", 2}, {"a", "three"}};
  EXPECT_EQ(list.size(), 2u);
  EXPECT_EQ(value_of(list, "a").as_string(), "three");
}

TEST(AttributeList, ViewsSurviveGrowthCopyAndMove) {
  AttributeList list;
  for (int i = 0; i < 100; ++i) list.add("key." + std::to_string(i), std::to_string(i));
  const AttributeList copy = list;
  AttributeList moved = std::move(list);
  list = moved;
  moved = {};
  EXPECT_TRUE(moved.empty());
  for (const AttributeList* each : {&copy, static_cast<const AttributeList*>(&list)}) {
    ASSERT_EQ(each->size(), 100u);
    EXPECT_EQ(value_of(*each, "key.99").as_string(), "99");
  }
}

}  // namespace
}  // namespace nanospan
