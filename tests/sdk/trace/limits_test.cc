// Limits, text rules and growth of one span: common/README.md "Attribute Limits", trace/sdk.md "Span Limits",
// common/attribute-type-mapping.md. Random combinations are compared with a model in
// tests/golden/sdk_span_property_test.cc.
#include <gtest/gtest.h>

#include "tests/support/exporting_provider.h"
#include "tests/support/said_lines.h"

namespace nanospan {
namespace {

using testing::CollectedSpan;
using testing::ExportingProvider;

CollectedSpan sent_with(SpanLimits limits, const std::function<void(Span&)>& fill) {
  TracerProviderOptions options;
  options.limits = limits;
  ExportingProvider sdk(std::move(options));
  Span span = sdk.tracer().start_span("span");
  fill(span);
  span.end();
  return sdk.only_span();
}

class AttributeCount : public ::testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Limits, AttributeCount,
                         ::testing::Values(0U, 1U, 63U, 64U, 65U, 127U, 128U, 129U, SpanLimits::kUnlimited));

TEST_P(AttributeCount, OnlyNewKeysAreDiscardedAndCounted) {
  constexpr std::uint32_t kKeys = 200;
  const std::uint32_t kept = std::min(GetParam(), kKeys);
  const auto sent = sent_with({.attribute_count_max = GetParam()}, [&](Span& span) {
    for (std::uint32_t i = 0; i < kKeys; ++i) span.set("key." + std::to_string(i), static_cast<int>(i));
    for (std::uint32_t i = 0; i < kept; ++i) span.set("key." + std::to_string(i), "again");
  });
  EXPECT_EQ(sent.attribute_count, kept);
  EXPECT_EQ(sent.attributes.size(), kept);
  EXPECT_EQ(sent.dropped_attributes, kKeys - kept);
  for (std::uint32_t i = 0; i < kept; ++i) EXPECT_EQ(sent.attributes.at("key." + std::to_string(i)), "again");
}

TEST_P(AttributeCount, HoldsForThoseOfTheStartToo) {
  std::vector<std::string> keys;
  for (int i = 0; i < 200; ++i) keys.push_back("key." + std::to_string(i));
  std::vector<Attribute> attributes;
  for (const auto& key : keys) attributes.push_back({key, true});
  TracerProviderOptions options;
  options.limits.attribute_count_max = GetParam();
  ExportingProvider sdk(std::move(options));
  sdk.tracer().start_span("span", {.attributes = attributes});
  const auto sent = sdk.only_span();
  EXPECT_EQ(sent.attribute_count, std::min(GetParam(), 200U));
  EXPECT_EQ(sent.attribute_count + sent.dropped_attributes, 200U);
}

TEST_P(AttributeCount, IsTheSameRuleForEventsAndLinks) {
  const SpanContext context(TraceId::from_hex("0af7651916cd43dd8448eb211c80319c"), SpanId::from_hex("b7ad6b7169203331"),
                            0, false);
  const auto sent = sent_with({.event_count_max = GetParam(), .link_count_max = GetParam()}, [&](Span& span) {
    for (int i = 0; i < 100; ++i) span.add_event("literal").add_event(std::string("text"), {{"a", i}});
    for (int i = 0; i < 100; ++i) span.add_link(context).add_link(context, {{"a", i}});
  });
  const std::uint32_t kept = std::min(GetParam(), 200U);
  EXPECT_EQ(sent.events.size(), kept);
  EXPECT_EQ(sent.dropped_events, 200 - kept);
  EXPECT_EQ(sent.links.size(), kept);
  EXPECT_EQ(sent.dropped_links, 200 - kept);
}

// Looking for a key among many must not read them all: this took minutes, and a request can bring such keys.
TEST(AttributeLimits, ManyKeysCostNoMoreThanFewEach) {
  constexpr int kKeys = 50'000;
  const auto key = [](int i) { return "a shared beginning " + std::to_string(i) + " and a shared end"; };
  const auto sent = sent_with({.attribute_count_max = SpanLimits::kUnlimited}, [&](Span& span) {
    for (int i = 0; i < kKeys; ++i) span.set(key(i), i);
    for (int i = 0; i < kKeys; i += 10'000) span.set(key(i), "again");
  });
  EXPECT_EQ(sent.attribute_count, static_cast<std::size_t>(kKeys));
  for (int i = 0; i < kKeys; i += 10'000) EXPECT_EQ(sent.attributes.at(key(i)), "again");
  EXPECT_EQ(sent.attributes.at(key(1)), "1");
}

TEST(AttributeLimits, ListsAndMapsOfManyKeysToo) {
  constexpr std::size_t kKeys = 50'000;
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < kKeys; ++i) keys.push_back("a shared beginning " + std::to_string(i % 40'000));
  std::vector<Attribute> list;
  for (std::size_t i = 0; i < kKeys; ++i) list.push_back({keys[i], i});
  const auto sent = sent_with({.attribute_per_event_count_max = SpanLimits::kUnlimited}, [&](Span& span) {
    span.add_event("event", list);
    span.set("map", AttributeValue(std::span<const Attribute>(list)));
  });
  const auto& attributes = sent.event_attributes.at(0);
  EXPECT_EQ(attributes.size(), 40'000U);
  EXPECT_EQ(attributes.at(keys[0]), "40000") << "the last value wins";
  EXPECT_EQ(attributes.at(keys[39'999]), "39999");
  EXPECT_NE(sent.attributes.at("map").find("\"a shared beginning 0\":40000"), std::string::npos);
}

TEST(AttributeLimits, AnEmptyKeyIsDiscardedAndCounted) {
  const auto sent = sent_with({}, [](Span& span) { span.set(std::string(), 1).set({{"", 2}, {"a", 3}}); });
  EXPECT_EQ(sent.attribute_count, 1U);
  EXPECT_EQ(sent.dropped_attributes, 2U);
}

TEST(AttributeLimits, KeysAreCaseSensitiveAndEmptyValuesAreKept) {
  const auto sent = sent_with({}, [](Span& span) {
    span.set("key", "").set("Key", 0).set("KEY", false).set("kEY", 0.0).set("e", AttributeValue());
    span.set("bytes", std::vector<std::uint8_t>()).set("array", std::vector<AttributeValue>());
  });
  EXPECT_EQ(sent.attribute_count, 7U);
  EXPECT_EQ(sent.attributes.at("key"), "");
  EXPECT_EQ(sent.attributes.at("e"), "");
}

TEST(AttributeLimits, LengthCountsCodePointsOfTextAndBytesOfBytes) {
  const std::vector<std::uint8_t> bytes = {1, 2, 3, 4, 5};
  const auto sent = sent_with({.attribute_value_length_max = 3}, [&](Span& span) {
    span.set("ascii", "abcdef").set("umlaut", "äöüß").set("wide", "日本語だ").set("short", "äb");
    span.set("bytes", bytes).set("int", 123456).set("key.longer.than.three", true);
    const std::string_view texts[] = {"abcdef", "äöüß"};
    span.set("texts", std::span<const std::string_view>(texts));
    const Attribute entries[] = {{"long key", "abcdef"}};
    span.set("map", std::span<const Attribute>(entries));
  });
  EXPECT_EQ(sent.attributes.at("ascii"), "abc");
  EXPECT_EQ(sent.attributes.at("umlaut"), "äöü");
  EXPECT_EQ(sent.attributes.at("wide"), "日本語");
  EXPECT_EQ(sent.attributes.at("short"), "äb");
  EXPECT_EQ(sent.attributes.at("bytes"), "AQID");
  EXPECT_EQ(sent.attributes.at("int"), "123456");
  EXPECT_EQ(sent.attributes.at("key.longer.than.three"), "true");
  EXPECT_EQ(sent.attributes.at("texts"), R"(["abc","äöü"])");
  EXPECT_EQ(sent.attributes.at("map"), R"({"long key":"abc"})");
  EXPECT_EQ(sent.dropped_attributes, 0U);
}

// common/README.md "Attribute Limits" (1.60): the value itself has depth 1; what is deeper becomes the empty value.
TEST(AttributeLimits, DepthReplacesWhatIsDeeperByTheEmptyValue) {
  const AttributeValue leaf[] = {1};
  const AttributeValue middle[] = {std::span<const AttributeValue>(leaf), 2};
  const AttributeValue top[] = {std::span<const AttributeValue>(middle), 3};
  const AttributeValue value = std::span<const AttributeValue>(top);
  const char* expected[] = {"", "[null,3]", "[[null,2],3]", "[[[1],2],3]", "[[[1],2],3]"};
  for (std::uint32_t depth = 0; depth < std::size(expected); ++depth) {
    const auto sent =
        sent_with({.attribute_value_depth_max = depth}, [&](Span& span) { span.set("nested", value).set("flat", 1); });
    EXPECT_EQ(sent.attributes.at("nested"), expected[depth]) << depth;
    EXPECT_EQ(sent.attributes.at("flat"), "1");
  }
}

// proto3 strings must be UTF-8, or receivers refuse the whole request.
TEST(Utf8, IllFormedTextBecomesBytesInValuesAndIsRepairedElsewhere) {
  const std::string bad = "a\xFFz";
  const std::string good = "a\xEF\xBF\xBDz";
  TracerProviderOptions options;
  options.resource = Resource({{"r", bad}, {bad, "r"}});
  ExportingProvider sdk(std::move(options));
  Tracer tracer = sdk.provider().tracer({.name = bad, .version = bad, .schema_url = bad, .attributes = {{bad, 1}}});
  {
    Span span = tracer.start_span(bad);
    span.set(bad, 1).set("value", bad).add_event(bad, {{bad, bad}}).set_status(StatusCode::kError, bad);
    span.set("cut", "abc\xE6\x97");  // a code point that ends too early
  }
  const auto sent = sdk.only_span();
  EXPECT_EQ(sent.name, good);
  EXPECT_EQ(sent.attributes.at(good), "1");
  EXPECT_EQ(sent.attributes.at("value"), "Yf96");  // base64 of the bytes
  EXPECT_EQ(sent.attributes.at("cut"), "YWJj5pc=");
  EXPECT_EQ(sent.events.at(0), good);
  EXPECT_EQ(sent.event_attributes.at(0).at(good), "Yf96");
  EXPECT_EQ(sent.status_description, good);
}

TEST(Utf8, KeysThatAreRepairedToTheSameTextAreOneKey) {
  const auto sent = sent_with({}, [](Span& span) {
    span.set("\xFF", 1).set("\xFE", 2);
    span.add_event("e", {{"\xFF", 1}, {"\xFE", 2}});
    const Attribute entries[] = {{"\xFF", 1}, {"\xFE", 2}};
    span.set("map", std::span<const Attribute>(entries));
  });
  EXPECT_EQ(sent.attribute_count, 2U);
  EXPECT_EQ(sent.attributes.at("\xEF\xBF\xBD"), "2");
  EXPECT_EQ(sent.event_attributes.at(0).size(), 1U);
  EXPECT_EQ(sent.attributes.at("map"), "{\"\xEF\xBF\xBD\":2}");
}

// 2 KiB: the slab. 16 KiB: lengths of three bytes. 256 KiB: the frame travels by pointer.
class Growth : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Sizes, Growth,
                         ::testing::Values(1000, 1300, 2000, 2100, 16000, 16384, 17000, 200'000, 262'144, 300'000,
                                           2'000'000));

TEST_P(Growth, ASpanGrowsByOneLargeValue) {
  const std::string large(GetParam(), 'v');
  const auto sent = sent_with({}, [&](Span& span) { span.set("before", 1).set("large", large).set("after", 2); });
  EXPECT_EQ(sent.attributes.at("large"), large);
  EXPECT_EQ(sent.attributes.at("before") + sent.attributes.at("after"), "12");
}

TEST_P(Growth, ASpanGrowsByManySmallEvents) {
  const std::size_t events = GetParam() / 40;
  const auto sent = sent_with({.event_count_max = SpanLimits::kUnlimited}, [&](Span& span) {
    for (std::size_t i = 0; i < events; ++i) span.add_event("twenty characters...");
    span.set("after", 2).update_name("renamed").set_status(StatusCode::kError, "late");
  });
  EXPECT_EQ(sent.events.size(), events);
  EXPECT_EQ(sent.name, "renamed");
  EXPECT_EQ(sent.status_description, "late");
}

TEST_P(Growth, LongKeysAndNames) {
  const std::string large(GetParam(), 'k');
  const auto sent = sent_with({}, [&](Span& span) {
    span.set(large, 1).set(large, 2).add_event(large, {{large, 3}}).update_name(large);
    span.set_status(StatusCode::kError, "large");
  });
  // Beyond span_bytes_max the rest is discarded and counted.
  EXPECT_EQ(sent.attributes.at(large), "2");
  EXPECT_EQ(sent.status_description, "large");
  if (4 * GetParam() < 4U << 20) {
    EXPECT_EQ(sent.name, large);
    EXPECT_EQ(sent.events.at(0), large);
  }
}

TEST(SpanBytesMax, IsKeptOnEveryPathAndWhatIsDiscardedIsCounted) {
  constexpr std::uint32_t kMax = 4096;
  const SpanLimits limits = {.attribute_count_max = SpanLimits::kUnlimited,
                             .event_count_max = SpanLimits::kUnlimited,
                             .link_count_max = SpanLimits::kUnlimited,
                             .span_bytes_max = kMax};
  TracerProviderOptions options;
  options.limits = limits;
  ExportingProvider sdk(std::move(options));
  const SpanContext linked(TraceId::from_hex("0af7651916cd43dd8448eb211c80319c"), SpanId::from_hex("b7ad6b7169203331"),
                           0, false);
  for (int way = 0; way < 4; ++way) {
    Span span = sdk.tracer().start_span("span");
    for (int i = 0; i < 400; ++i) {
      if (way == 0) span.set("key." + std::to_string(i), "a value of thirty characters..");
      if (way == 1) span.add_event("literal");
      if (way == 2) span.add_link(linked);
      if (way == 3) span.set("key." + std::to_string(i), std::string(500, 'x'));
    }
    span.set_status(StatusCode::kError, way == 0 ? std::string(5000, 'd') : "small");
  }
  const auto spans = sdk.spans();
  ASSERT_EQ(spans.size(), 4U);
  for (const auto& span : spans) {
    EXPECT_EQ(span.attribute_count + span.dropped_attributes + span.events.size() + span.dropped_events +
                  span.links.size() + span.dropped_links,
              400U);
    EXPECT_LE(span.size_bytes, kMax + 64);
    EXPECT_GE(span.size_bytes, kMax - 512 - 256);
    EXPECT_EQ(span.status, StatusCode::kError);
  }
  EXPECT_EQ(spans[0].status_description, "");
}

TEST(SpanBytesMax, AFullSpanStillTakesAnotherValueOfAKeyThatIsThere) {
  const auto sent = sent_with({.span_bytes_max = 4096}, [](Span& span) {
    span.set("state", std::string(200, 'a'));
    for (int i = 0; i < 400; ++i) span.set("key." + std::to_string(i), std::string(100, 'x'));
    span.set("state", std::string(200, 'b')).set("state", "done");
  });
  EXPECT_EQ(sent.attributes.at("state"), "done");
  EXPECT_EQ(sent.attribute_count + sent.dropped_attributes, 401U);
}

// trace/sdk.md "Span Limits": "There SHOULD be a message printed in the SDK's log", "at most once per span".
TEST(SpanLimitsMessage, OneLineASpanNamesWhatWasDiscardedAndTheVariableOfTheLimit) {
  const testing::SaidLines said;
  const SpanContext linked(TraceId::from_hex("0af7651916cd43dd8448eb211c80319c"), SpanId::from_hex("b7ad6b7169203331"),
                           0, false);
  sent_with({.attribute_count_max = 1,
             .event_count_max = 2,
             .link_count_max = 0,
             .attribute_per_event_count_max = 0,
             .attribute_per_link_count_max = 3},
            [&](Span& span) {
              span.set("a", 1).set("b", 2).set("c", 3).add_link(linked);
              for (int i = 0; i < 3; ++i) span.add_event("event", {{"key", i}});
            });
  EXPECT_EQ(
      said.all(),
      std::vector<std::string>{
          "span: span \"span\" lost 2 attributes (at most 1: OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT), 1 event (at most 2: "
          "OTEL_SPAN_EVENT_COUNT_LIMIT), 1 link (at most 0: OTEL_SPAN_LINK_COUNT_LIMIT), attributes of its events "
          "(at most 0 each, none without a key: OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT)"});
}

TEST(SpanLimitsMessage, NothingIsSaidWhereNothingWasDiscarded) {
  const testing::SaidLines said;
  sent_with({.attribute_count_max = 2, .event_count_max = 1}, [](Span& span) {
    span.set("a", 1).set("b", 2).set("a", 3).add_event("event", {{"key", 1}}).set_status(StatusCode::kError, "x");
  });
  EXPECT_EQ(said.all(), std::vector<std::string>{});
}

TEST(SpanLimitsMessage, WhatFellToNoCountLimitSaysSo) {
  const testing::SaidLines said;
  sent_with({}, [](Span& span) { span.set(std::string(), 1); });
  EXPECT_EQ(said.all(), std::vector<std::string>{"span: span \"span\" lost 1 attribute (empty key, "
                                                 "SpanLimits::span_bytes_max or no memory)"});
}

TEST(SpanBytesMax, HasALeastValue) {
  TracerProviderOptions options;
  options.limits.span_bytes_max = 100;
  EXPECT_EQ(TracerProvider::create(std::move(options)).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace nanospan
