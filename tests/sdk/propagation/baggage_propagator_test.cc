// The vectors of the W3C baggage suite (w3c/baggage, test/test_baggage.py), the limits of the format, and
// baggage/api.md "Propagation".
#include <gtest/gtest.h>
#include <nanospan/baggage.h>
#include <nanospan/diagnostics.h>

#include "tests/support/map_carrier.h"

namespace nanospan {
namespace {

using Entry = Baggage::Entry;
using Entries = std::vector<Entry>;
using testing::Headers;

const TextMapPropagator& propagator() {
  static const PropagatorPtr instance = baggage_propagator();
  return *instance;
}
Entries parsed(const std::string& header) {
  return Baggage::from(testing::extracted(propagator(), {{"baggage", header}})).entries();
}
std::string formatted(const Baggage& baggage) {
  const Headers headers = testing::injected(propagator(), baggage.in(Context::root()));
  if (headers.empty()) return "";
  EXPECT_EQ(headers.size(), 1U);
  EXPECT_EQ(headers[0].first, "baggage");
  return headers[0].second;
}

// Lines that the code under test reports, in place of standard error.
class BaggageLimits : public ::testing::Test {
 protected:
  BaggageLimits() {
    set_error_handler([](std::string_view, std::string_view) {});
  }
  ~BaggageLimits() override { set_error_handler(nullptr); }
};

TEST(BaggageSuite, ParseSimple) { EXPECT_EQ(parsed("SomeKey=SomeValue"), (Entries{{"SomeKey", "SomeValue", ""}})); }

TEST(BaggageSuite, ParseMultipleWithProperties) {
  EXPECT_EQ(parsed("SomeKey=SomeValue;SomeProp,SomeKey2=SomeValue2;ValueProp=PropVal"),
            (Entries{{"SomeKey", "SomeValue", "SomeProp"}, {"SomeKey2", "SomeValue2", "ValueProp=PropVal"}}));
}

TEST(BaggageSuite, ParseMultipleOws) {
  EXPECT_EQ(
      parsed("SomeKey \t = \t SomeValue \t ; \t SomeProp \t , \t SomeKey2 \t = \t SomeValue2 \t ; \t ValueProp \t = \t "
             "PropVal"),
      (Entries{{"SomeKey", "SomeValue", "SomeProp"}, {"SomeKey2", "SomeValue2", "ValueProp \t = \t PropVal"}}));
}

TEST(BaggageSuite, ParseMultipleEquals) {
  EXPECT_EQ(parsed("SomeKey=SomeValue=equals"), (Entries{{"SomeKey", "SomeValue=equals", ""}}));
}

TEST(BaggageSuite, ParsePercentEncoded) {
  const std::string value = "\t \"';=asdf!@#$%^&*()";
  EXPECT_EQ(parsed("SomeKey=%09%20%22%27%3B%3Dasdf%21%40%23%24%25%5E%26%2A%28%29"), (Entries{{"SomeKey", value, ""}}));
  EXPECT_EQ(parsed("SomeKey \t = \t %09%20%22%27%3B%3Dasdf%21%40%23%24%25%5E%26%2A%28%29 \t "),
            (Entries{{"SomeKey", value, ""}}));
  // The encoder escapes what it must: everything that is no baggage-octet, and '%'.
  EXPECT_EQ(formatted(Baggage().set("SomeKey", value)), "SomeKey=%09%20%22'%3B=asdf!@#$%25^&*()");
}

TEST(BaggageSuite, ParseMultiProperty) {
  EXPECT_EQ(parsed("SomeKey=SomeValue;SomeProp;SecondProp=PropValue"),
            (Entries{{"SomeKey", "SomeValue", "SomeProp;SecondProp=PropValue"}}));
}

TEST(BaggageSuite, ParseMultiPropertyOws) {
  EXPECT_EQ(parsed("SomeKey \t = \t SomeValue \t ; \t SomeProp \t ; \t SecondProp \t = \t PropValue"),
            (Entries{{"SomeKey", "SomeValue", "SomeProp \t ; \t SecondProp \t = \t PropValue"}}));
}

TEST(BaggageSuite, SerializeAtLeast64) {
  Entries entries;
  std::string expected;
  for (int i = 0; i < 64; ++i) {
    entries.push_back({"key" + std::to_string(i), "value", ""});
    expected += (i > 0 ? ",key" : "key") + std::to_string(i) + "=value";
  }
  EXPECT_EQ(formatted(Baggage::of(entries)), expected);
  EXPECT_EQ(parsed(expected), entries);
}

TEST(BaggageSuite, SerializeLongEntry) {
  std::string value;
  for (int i = 0; i < 819; ++i) value += "0123456789";
  EXPECT_EQ(formatted(Baggage().set("a", value)).size(), 8192U);
  EXPECT_EQ(parsed("a=" + value), (Entries{{"a", value, ""}}));
}

TEST(BaggageSuite, SerializeManyEntries) {
  Entries entries;
  for (int i = 0; i < 512; ++i) {
    const std::string number = std::to_string(i);
    entries.push_back({std::string(3 - number.size(), '0') + number, "0123456789a", ""});
  }
  entries.back().value += 'b';
  const std::string header = formatted(Baggage::of(entries));
  EXPECT_EQ(header.size(), 8192U);
  EXPECT_EQ(parsed(header), entries);
}

TEST_F(BaggageLimits, ATooLongMemberIsLeftOutWholeAndTheOthersTravel) {
  const Baggage baggage = Baggage().set("a", "1").set("long", std::string(8192, 'x')).set("b", "2");
  EXPECT_EQ(formatted(baggage), "a=1,b=2");
}

TEST_F(BaggageLimits, ReadingStopsAtTheLimits) {
  std::string header;
  for (int i = 0; i < 10'000; ++i) header += "k" + std::to_string(i) + "=v,";
  const Entries entries = parsed(header);
  EXPECT_LE(entries.size(), 512U);
  EXPECT_GE(entries.size(), 180U);
  EXPECT_TRUE(parsed("a=" + std::string(8192, 'x')).empty());
}

TEST(BaggageFormat, OneMalformedMemberIsSkippedTheOthersStay) {
  for (const std::string bad : {"novalue", "=v", "sp ace=v", "k(=v", "k=a b", "k=a\"b", "k=a\\b", "k=\xC3\xA9",
                                "\xC3\xA9=v", "k=v;p=\x01", "k=v;p=\"x\""}) {
    EXPECT_EQ(parsed("a=1," + bad + ",b=2"), (Entries{{"a", "1", ""}, {"b", "2", ""}})) << bad;
  }
}

TEST(BaggageFormat, EmptyValuesAreMeaningful) { EXPECT_EQ(parsed("a=,b="), (Entries{{"a", "", ""}, {"b", "", ""}})); }

TEST(BaggageFormat, APlusIsNotASpace) { EXPECT_EQ(parsed("a=1+2"), (Entries{{"a", "1+2", ""}})); }

TEST(BaggageFormat, ABrokenEscapeStandsForItself) {
  EXPECT_EQ(parsed("a=50%,b=%zz,c=%4"), (Entries{{"a", "50%", ""}, {"b", "%zz", ""}, {"c", "%4", ""}}));
}

// 3.2.1.4: octets that are no UTF-8 "MUST be replaced with the replacement code point (U+FFFD)".
TEST(BaggageFormat, DecodedBytesThatAreNoUtf8AreReplaced) {
  EXPECT_EQ(parsed("a=x%FFy"), (Entries{{"a", "x\xEF\xBF\xBDy", ""}}));
}

TEST(BaggageFormat, NamesAreCaseSensitive) { EXPECT_EQ(parsed("a=1,A=2"), (Entries{{"a", "1", ""}, {"A", "2", ""}})); }

// baggage/api.md: "only one value per name"; the last one wins, as with Set.
TEST(BaggageFormat, OfEqualNamesTheLastWins) {
  EXPECT_EQ(parsed("a=1,b=2,a=3"), (Entries{{"b", "2", ""}, {"a", "3", ""}}));
}

TEST(BaggageFormat, SeveralHeaderLinesAreOneBaggage) {
  const Context context =
      testing::extracted(propagator(), {{"baggage", "a=1"}, {"Baggage", "b=2,a=3"}, {"baggage", ""}});
  EXPECT_EQ(Baggage::from(context).entries(), (Entries{{"b", "2", ""}, {"a", "3", ""}}));
}

// baggage/api.md "Set Value": any UTF-8 value must be accepted, and survive the way.
TEST(BaggageApi, AnyUtf8ValueTravels) {
  const std::string value = "B% \xF0\x9F\x92\xBC, \"x\"; \\ \r\n=";
  const std::string header = formatted(Baggage().set("a", value, "p=1;q"));
  EXPECT_EQ(header, "a=B%25%20%F0%9F%92%BC%2C%20%22x%22%3B%20%5C%20%0D%0A=;p=1;q");
  EXPECT_EQ(parsed(header), (Entries{{"a", value, "p=1;q"}}));
}

TEST_F(BaggageLimits, ANameThatIsNoTokenIsLeftOutAndCorruptsNothing) {
  EXPECT_EQ(formatted(Baggage().set("a", "1").set("na\xC3\xAFve", "2").set("x,y=z", "3").set("b", "4")), "a=1,b=4");
}

TEST(BaggageApi, MetadataCannotBreakOutOfTheHeader) {
  EXPECT_EQ(formatted(Baggage().set("a", "1", "p=1,evil=2\r\nX: y")), "a=1;p=1%2Cevil=2%0D%0AX: y");
}

TEST(BaggageApi, NothingIsSentForAnEmptyBaggage) {
  EXPECT_TRUE(testing::injected(propagator(), Context::root()).empty());
  EXPECT_TRUE(testing::injected(propagator(), Baggage().in(Context::root())).empty());
}

TEST(BaggageApi, ExtractLeavesTheContextWhenThereIsNothingValid) {
  const Context context = Baggage().set("a", "1").in(Context::root());
  for (const std::string header : {"", "nonsense", ",,"}) {
    EXPECT_EQ(Baggage::from(propagator().extract(context, testing::MapCarrier(Headers{{"baggage", header}}))).entries(),
              (Entries{{"a", "1", ""}}));
  }
}

TEST(BaggageApi, FieldsIsTheOfficialHeaderName) {
  EXPECT_EQ(propagator().fields(), std::vector<std::string>{"baggage"});
}

}  // namespace
}  // namespace nanospan
