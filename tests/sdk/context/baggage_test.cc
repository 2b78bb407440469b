// baggage/api.md: the baggage of a context, without an SDK.
#include <gtest/gtest.h>
#include <nanospan/baggage.h>

#include "tests/support/allocations.h"

namespace nanospan {
namespace {

using Entries = std::vector<Baggage::Entry>;

// "Get Value", "Set Value", "Get All Values", "Remove Value".
TEST(Baggage, SetGetAndRemoveAValue) {
  const Baggage baggage = Baggage().set("tenant", "a").set("user", "ann", "p=1");
  ASSERT_NE(baggage.get("tenant"), nullptr);
  EXPECT_EQ(*baggage.get("tenant"), "a");
  EXPECT_EQ(baggage.get("none"), nullptr);
  EXPECT_EQ(baggage.entries(), (Entries{{"tenant", "a", ""}, {"user", "ann", "p=1"}}));
  EXPECT_EQ(baggage.remove("tenant").entries(), (Entries{{"user", "ann", "p=1"}}));
  EXPECT_EQ(baggage.remove("none").size(), 2U);
}

// "each name MUST be associated with exactly one value"; the new pair takes precedence.
TEST(Baggage, SettingANameAgainReplacesValueAndMetadata) {
  const Baggage baggage = Baggage().set("a", "1", "old").set("b", "2").set("a", "3");
  EXPECT_EQ(baggage.entries(), (Entries{{"b", "2", ""}, {"a", "3", ""}}));
}

// "The Baggage container MUST be immutable."
TEST(Baggage, IsImmutable) {
  const Baggage before = Baggage().set("a", "1");
  const Baggage after = before.set("a", "2").remove("a");
  EXPECT_EQ(*before.get("a"), "1");
  EXPECT_TRUE(after.empty());
}

// "any valid non-empty UTF-8 string" as name, "any valid UTF-8 string" as value, both case sensitive.
TEST(Baggage, NamesAndValuesAreAnyUtf8AndCaseSensitive) {
  const Baggage baggage = Baggage().set("na\xC3\xAFve", "B% \xF0\x9F\x92\xBC").set("A", "1").set("a", "").set("", "x");
  EXPECT_EQ(*baggage.get("na\xC3\xAFve"), "B% \xF0\x9F\x92\xBC");
  EXPECT_EQ(*baggage.get("A"), "1");
  EXPECT_EQ(*baggage.get("a"), "");
  EXPECT_EQ(baggage.size(), 3U) << "an empty name changes nothing";
}

// "Context Interaction".
TEST(Baggage, TravelsWithTheContext) {
  EXPECT_TRUE(Baggage::from(Context::root()).empty());
  const Context context = Baggage().set("a", "1").in(Context::root());
  EXPECT_EQ(*Baggage::from(context).get("a"), "1");
  const Scope scope(context);
  EXPECT_EQ(*Baggage::from().get("a"), "1");
  EXPECT_EQ(*Baggage::from(Baggage::from().set("b", "2").in()).get("b"), "2");
}

// "Clear Baggage in the Context".
TEST(Baggage, CanBeClearedFromAContext) {
  const Context context = Baggage().set("a", "1").in(Context::root());
  EXPECT_TRUE(Baggage::from(Baggage().in(context)).empty());
  EXPECT_FALSE(Baggage::from(context).empty());
}

TEST(Baggage, OfTakesManyEntriesAtOnce) {
  const Baggage baggage = Baggage::of({{"a", "1", ""}, {"b", "2", "m"}});
  EXPECT_EQ(*baggage.get("b"), "2");
  EXPECT_EQ(testing::allocations_of([&] { const Baggage copy(baggage); }), 0U);
}

}  // namespace
}  // namespace nanospan
