#include "setup/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/setup/fake_environment.h"

namespace nanospan::setup {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kName = "OTEL_X";

/// Reads OTEL_X = value by `read`; the warnings it brought.
template <class Read>
std::vector<std::string> warnings_of(const std::string& value, Read&& read) {
  FakeEnvironment fake(Variables{{kName, value}});
  read(Environment(fake));
  return fake.warnings();
}

TEST(Environment, EmptyIsUnset) {
  for (const char* value : {"", " ", "\t\n"}) {
    const auto warnings = warnings_of(value, [](const Environment& environment) {
      EXPECT_EQ(environment.text(kName), std::nullopt);
      EXPECT_EQ(environment.number(kName), std::nullopt);
      EXPECT_EQ(environment.ratio(kName), std::nullopt);
      EXPECT_FALSE(environment.boolean(kName));
      EXPECT_THAT(environment.list(kName), IsEmpty());
      EXPECT_EQ(environment.choice<int>(kName, {{"a", 1}}), std::nullopt);
    });
    EXPECT_THAT(warnings, IsEmpty());
  }
}

TEST(Environment, BooleanIsTrueForTrueOnly) {
  for (const char* value : {"true", "True", "TRUE"}) {
    EXPECT_THAT(warnings_of(value, [](const Environment& e) { EXPECT_TRUE(e.boolean(kName)); }), IsEmpty());
  }
  EXPECT_THAT(warnings_of("False", [](const Environment& e) { EXPECT_FALSE(e.boolean(kName)); }), IsEmpty());
  for (const char* value : {"1", "yes", "tru"}) {
    EXPECT_THAT(warnings_of(value, [](const Environment& e) { EXPECT_FALSE(e.boolean(kName)); }),
                ElementsAre(HasSubstr(std::string("OTEL_X: \"") + value + "\"")));
  }
}

TEST(Environment, NumberOutsideItsRangeIsWarnedAboutAndIgnored) {
  EXPECT_THAT(warnings_of("0", [](const Environment& e) { EXPECT_EQ(e.number(kName), 0U); }), IsEmpty());
  EXPECT_THAT(warnings_of("2147483647", [](const Environment& e) { EXPECT_EQ(e.number(kName), 2147483647U); }),
              IsEmpty());
  for (const char* value : {"-1", "2147483648", "99999999999999999999999", "1.5", "1e3", "5s", "0x10", "+3", "ten"}) {
    EXPECT_THAT(warnings_of(value, [](const Environment& e) { EXPECT_EQ(e.number(kName), std::nullopt); }),
                ElementsAre(HasSubstr(value)));
  }
  EXPECT_THAT(warnings_of("0", [](const Environment& e) { EXPECT_EQ(e.number(kName, {.least = 1}), std::nullopt); }),
              ElementsAre(HasSubstr("from 1 to")));
}

TEST(Environment, RatioIsFromZeroToOne) {
  EXPECT_THAT(warnings_of("0.25", [](const Environment& e) { EXPECT_EQ(e.ratio(kName), 0.25); }), IsEmpty());
  EXPECT_THAT(warnings_of("1e-3", [](const Environment& e) { EXPECT_EQ(e.ratio(kName), 0.001); }), IsEmpty());
  for (const char* value : {"-0.1", "1.01", "nan", "inf", "half", "0,5"}) {
    EXPECT_THAT(warnings_of(value, [](const Environment& e) { EXPECT_EQ(e.ratio(kName), std::nullopt); }),
                ElementsAre(HasSubstr(value)));
  }
}

TEST(Environment, ChoiceIgnoresLetterCaseAndShowsTheUsersOwnTextIfUnknown) {
  const auto read = [](const Environment& e) { return e.choice<int>(kName, {{"gzip", 1}, {"none", 2}}); };
  EXPECT_THAT(warnings_of("GZip", [&](const Environment& e) { EXPECT_EQ(read(e), 1); }), IsEmpty());
  EXPECT_THAT(warnings_of("ZStd", [&](const Environment& e) { EXPECT_EQ(read(e), std::nullopt); }),
              ElementsAre("OTEL_X: \"ZStd\" is not known and is ignored; write one of: gzip, none"));
}

TEST(Environment, ListLeavesOutEmptyAndRepeatedParts) {
  FakeEnvironment fake(Variables{{kName, " a, B ,,a,b,"}});
  const auto list = Environment(fake).list(kName);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].name, "a");
  EXPECT_EQ(list[1].name, "b");
  EXPECT_EQ(list[1].text, "B") << "as the user wrote it";
}

TEST(Environment, LongValuesAreCutInWarnings) {
  const auto warnings = warnings_of(std::string(5000, 'x'), [](const Environment& e) { e.number(kName); });
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_LT(warnings[0].size(), 250U);
}

}  // namespace
}  // namespace nanospan::setup
