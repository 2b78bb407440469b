// Thousands of random operations on spans, compared with the naive model through libprotobuf, under every limit at
// which the encoder changes its mind.
#include <gtest/gtest.h>
#include <nanospan/tracer_provider.h>

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "tests/golden/sdk_model.h"
#include "tests/golden/sdk_sent.h"
#include "tests/support/exporting_provider.h"

namespace nanospan::golden {
namespace {

struct ModelSpan {
  const SpanLimits& limits;
  std::string name;
  ModelAttributes attributes{limits, limits.attribute_count_max};
  std::vector<SentEvent> events = {};
  std::vector<SentLink> links = {};
  std::uint64_t dropped_events = 0, dropped_links = 0, status = 0;
  std::string status_message = {};

  // trace/api.md "Set Status": Ok > Error > Unset, a description with Error only, the last Error wins.
  void set_status(StatusCode code, const std::string& description) {
    if (status == static_cast<std::uint64_t>(StatusCode::kOk) || code == StatusCode::kUnset) return;
    status = static_cast<std::uint64_t>(code);
    status_message = code == StatusCode::kError ? repaired(description) : "";
  }
  void add_event(const std::string& event_name, const Attributes& given, std::uint64_t time) {
    ModelAttributes kept(limits, limits.attribute_per_event_count_max);
    kept.set(given);
    if (events.size() >= limits.event_count_max) return void(++dropped_events);
    events.push_back({time, repaired(event_name), kept.sorted(), kept.dropped()});
  }
  void add_link(const SpanContext& context, const Attributes& given) {
    if (!context.is_valid() && given.empty() && context.trace_state().empty()) return;
    ModelAttributes kept(limits, limits.attribute_per_link_count_max);
    kept.set(given);
    if (links.size() >= limits.link_count_max) return void(++dropped_links);
    const auto bytes = [](const auto& id) { return std::string(reinterpret_cast<const char*>(id.data()), id.kSize); };
    const std::uint64_t flags = 0x100U | (context.is_remote() ? 0x200U : 0U) | context.trace_flags();
    links.push_back({bytes(context.trace_id()), bytes(context.span_id()), std::string(context.trace_state().header()),
                     kept.sorted(), kept.dropped(), flags});
  }
};

// Set with a literal key, where the inlined encoder runs.
void set_literal(Span& span, ModelSpan& model, RandomValues& random) {
  const std::string& text = random.text();
  const auto number = static_cast<std::int64_t>(random.below(1ULL << random.below(63)));
  switch (random.below(5)) {
    case 0:
      span.set("http.method", text);
      return model.attributes.set("http.method", text);
    case 1:
      span.set("http.status", number);
      return model.attributes.set("http.status", number);
    case 2:
      span.set("größe", number % 2 == 0);
      return model.attributes.set("größe", number % 2 == 0);
    case 3:
      span.set("ratio", 0.25);
      return model.attributes.set("ratio", 0.25);
    default:
      span.set("k", text);
      return model.attributes.set("k", text);
  }
}

SpanContext random_context(RandomValues& random) {
  const std::uint64_t words[3] = {random.below(3), random.below(1ULL << 60), random.below(4)};
  return SpanContext(TraceId::from_bytes(words), SpanId::from_bytes(words + 2),
                     static_cast<std::uint8_t>(random.below(4)), random.one_in(2),
                     random.one_in(4) ? TraceState::parse("a=b,c=d") : TraceState());
}

void random_operation(Span& span, ModelSpan& model, RandomValues& random, std::uint64_t variety) {
  switch (random.below(16)) {
    case 0: {
      const auto& list = random.attributes(10, variety);
      span.set(Attributes(list));
      return model.attributes.set(list);
    }
    case 1: {
      const auto& list = random.attributes(8, 6);
      const std::string& name = random.text();
      const std::uint64_t time = 1 + random.below(1ULL << 63);
      span.add_event(name, list, time);
      return model.add_event(name, list, time);
    }
    case 2:
      span.add_event("literal");
      return model.add_event("literal", {}, 0);
    case 3: {
      const SpanContext context = random_context(random);
      if (random.one_in(2)) {
        span.add_link(context);
        return model.add_link(context, {});
      }
      const auto& list = random.attributes(8, 6);
      span.add_link(context, list);
      return model.add_link(context, list);
    }
    case 4: {
      if (!random.one_in(4)) return;
      const auto code = static_cast<StatusCode>(random.below(random.one_in(10) ? 3 : 2) == 0 ? 0 : 2);
      const std::string& text = random.text();
      span.set_status(code, text);
      return model.set_status(code, text);
    }
    case 5: {
      const std::string& name = random.text();
      span.update_name(name);
      model.name = repaired(name);
      return;
    }
    case 6:
    case 7:
    case 8:
      return set_literal(span, model, random);
    default: {
      const std::string& key = random.key(variety);
      const AttributeValue value = random.value();
      span.set(key, value);
      return model.attributes.set(key, value);
    }
  }
}

void expect_same(const SentSpan& sent, const ModelSpan& model) {
  EXPECT_EQ(sent.name, model.name);
  EXPECT_EQ(sent.attributes, model.attributes.sorted());
  EXPECT_EQ(sent.dropped_attributes, model.attributes.dropped());
  EXPECT_EQ(sent.dropped_events, model.dropped_events);
  EXPECT_EQ(sent.dropped_links, model.dropped_links);
  EXPECT_EQ(sent.status, model.status);
  EXPECT_EQ(sent.status_message, model.status_message);
  ASSERT_EQ(sent.events.size(), model.events.size());
  for (std::size_t i = 0; i < sent.events.size(); ++i) {
    const bool given = model.events[i].time != 0;
    EXPECT_EQ(sent.events[i].time, given ? model.events[i].time : sent.events[i].time);
    EXPECT_EQ(sent.events[i].name, model.events[i].name);
    EXPECT_EQ(sent.events[i].attributes, model.events[i].attributes);
    EXPECT_EQ(sent.events[i].dropped_attributes, model.events[i].dropped_attributes);
  }
  ASSERT_EQ(sent.links.size(), model.links.size());
  for (std::size_t i = 0; i < sent.links.size(); ++i) {
    EXPECT_EQ(sent.links[i].trace_id, model.links[i].trace_id);
    EXPECT_EQ(sent.links[i].span_id, model.links[i].span_id);
    EXPECT_EQ(sent.links[i].trace_state, model.links[i].trace_state);
    EXPECT_EQ(sent.links[i].flags, model.links[i].flags);
    EXPECT_EQ(sent.links[i].attributes, model.links[i].attributes);
    EXPECT_EQ(sent.links[i].dropped_attributes, model.links[i].dropped_attributes);
  }
}

struct Case {
  const char* name;
  SpanLimits limits;
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class SpanProperty : public ::testing::TestWithParam<Case> {};

TEST_P(SpanProperty, WhatIsSentIsWhatTheModelHolds) {
  const Oracle* const oracle = Oracle::get();
  if (oracle == nullptr) GTEST_SKIP() << Oracle::kMissing;
  TracerProviderOptions options;
  const SpanLimits limits = options.limits = GetParam().limits;
  testing::ExportingProvider exporting(std::move(options));
  exporting.collected().keep_spans = false;
  RandomValues random(20261124);
  std::map<std::string, ModelSpan> models;
  constexpr std::size_t kSpans = 60;
  for (std::size_t i = 0; i < kSpans; ++i) {
    const std::uint64_t operations = random.below(i % 4 == 0 ? 400 : 40);
    const std::uint64_t variety = random.one_in(3) ? 12 : 300;
    const auto& given = random.attributes(random.one_in(4) ? 150 : 6, variety);
    Span span = exporting.tracer().start_span("first", {.attributes = given});
    const std::string id(reinterpret_cast<const char*>(span.context().span_id().data()), SpanId::kSize);
    ModelSpan& model = models.try_emplace(id, ModelSpan{.limits = limits, .name = "first"}).first->second;
    model.attributes.set(given);
    for (std::uint64_t n = 0; n < operations; ++n) random_operation(span, model, random, variety);
  }
  const Sent sent = read_sent(*oracle, exporting.bytes());
  ASSERT_TRUE(sent.parsed);
  ASSERT_EQ(sent.spans.size(), kSpans);
  for (const SentSpan& span : sent.spans) {
    const auto model = models.find(span.span_id);
    ASSERT_NE(model, models.end());
    expect_same(span, model->second);
    if (HasFailure()) break;
  }
}

SpanLimits counts(std::uint32_t most) {
  return {.attribute_count_max = most,
          .event_count_max = most,
          .link_count_max = most,
          .attribute_per_event_count_max = most / 32,
          .attribute_per_link_count_max = most / 32,
          .span_bytes_max = 64U << 20};
}
SpanLimits lengths(std::uint32_t length, std::uint32_t depth) {
  return {.attribute_value_length_max = length, .attribute_value_depth_max = depth, .span_bytes_max = 64U << 20};
}

// common/README.md "Attribute Limits": zero is a legal limit. 64 and 128 are where the encoder begins to look closer.
INSTANTIATE_TEST_SUITE_P(
    Limits, SpanProperty,
    ::testing::Values(Case{"Default", {}}, Case{"Counts0", counts(0)}, Case{"Counts1", counts(1)},
                      Case{"Counts63", counts(63)}, Case{"Counts64", counts(64)}, Case{"Counts65", counts(65)},
                      Case{"Counts127", counts(127)}, Case{"Counts128", counts(128)}, Case{"Counts129", counts(129)},
                      Case{"CountsUnlimited", counts(SpanLimits::kUnlimited)}, Case{"Length0Depth0", lengths(0, 0)},
                      Case{"Length1Depth1", lengths(1, 1)}, Case{"Length3Depth2", lengths(3, 2)},
                      Case{"Length127Depth3", lengths(127, 3)}, Case{"Length128Depth64", lengths(128, 64)}),
    [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace nanospan::golden
