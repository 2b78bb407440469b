// Which spans stay, and what their tracestate says then.
#include "gateway/processors/probabilistic_sampler/probabilistic_sampler.h"

#include <gtest/gtest.h>

#include "gateway/processors/probabilistic_sampler/probabilistic_sampler_config.h"
#include "gateway/processors/probabilistic_sampler/probabilistic_sampler_factory.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/fake_host.h"
#include "wire/validate.h"
#include "wire/writer.h"

namespace nanospan::gateway {
namespace {

namespace otlp = wire::otlp;

/// A trace id of which `first` is the first byte that counts for randomness.
std::string trace_id(int first) {
  std::string id(16, '\1');
  id[9] = static_cast<char>(first);
  return id;
}

struct TestSpan {
  std::string id;
  std::string state = {};
  std::string priority = {};  // an AnyValue
};

class ProbabilisticSamplerTest : public ::testing::Test {
 protected:
  /// The tracestates of the spans that stay, each with a space after it.
  std::string sample(const std::string& keys, const std::vector<TestSpan>& spans) {
    testing::ConfigText text(keys);
    const auto processor = probabilistic_sampler_factory().read({"s", ""}, text.reader)(host_, next_).value();
    EXPECT_EQ(text.errors(), "");
    std::string scope, resource, request;
    for (const TestSpan& span : spans) {
      std::string bytes, attribute;
      wire::Appender(bytes).bytes_field(otlp::Span::kTraceId, span.id);
      if (!span.state.empty()) wire::Appender(bytes).bytes_field(otlp::Span::kTraceState, span.state);
      if (!span.priority.empty()) {
        wire::Appender(attribute).bytes_field(otlp::KeyValue::kKey, "sampling.priority");
        wire::Appender(attribute).bytes_field(otlp::KeyValue::kValue, span.priority);
        wire::Appender(bytes).bytes_field(otlp::Span::kAttributes, attribute);
      }
      wire::Appender(scope).bytes_field(otlp::ScopeSpans::kSpans, bytes);
    }
    wire::Appender(resource).bytes_field(otlp::ResourceSpans::kScopeSpans, scope);
    wire::Appender(request).bytes_field(otlp::ExportTraceServiceRequest::kResourceSpans, resource);
    next_.seen.clear();
    bool accepted = false;
    processor->consume(std::make_shared<const Batch>(net::ByteBlock::copy_of(request), std::nullopt,
                                                     SpanCounts{1, 1, spans.size()}, BudgetCharge()),
                       [&](const Outcome& outcome) { accepted = outcome.kind == Outcome::Kind::kAccepted; });
    EXPECT_TRUE(accepted);
    return next_.seen.empty() ? "" : states(next_.seen[0]->bytes());
  }
  static std::string states(std::string_view request) {
    EXPECT_TRUE(wire::validate_traces(request).ok());
    std::string out;
    RequestBuilder builder;
    net::ByteBlock unused;
    SpanCounts counts;
    SpanVisitor visitor{[&](const wire::Reader& at_span) {
      for (wire::Reader span = at_span.message(); span.next();) {
        if (span.is(otlp::Span::kTraceState, wire::WireType::kBytes)) out += span.bytes();
      }
      out += ' ';
    }};
    rewrite_spans(builder, request, visitor, unused, counts);
    return out;
  }
  static std::string number(std::int64_t value) {
    std::string any;
    wire::Appender(any).varint_field(otlp::AnyValue::kIntValue, static_cast<std::uint64_t>(value));
    return any;
  }
  static std::string text(std::string_view value) {
    std::string any;
    wire::Appender(any).bytes_field(otlp::AnyValue::kStringValue, value);
    return any;
  }

  testing::FakeHost host_;
  testing::FakeNext next_;
};

TEST_F(ProbabilisticSamplerTest, KeepsTracesAtOrAboveTheThreshold) {
  const std::string keys = "sampling_percentage: 25\nmode: equalizing\n";
  EXPECT_EQ(sample(keys, {{trace_id(0xbf)}, {trace_id(0xc0)}, {trace_id(0xff)}}), "ot=th:c ot=th:c ");
  EXPECT_EQ(host_.counter("otelcol_processor_probabilistic_sampler_count_traces_sampled",
                          {{"processor", "s"}, {"policy", "trace_id_w3c"}, {"sampled", "false"}}),
            1u);
}

TEST_F(ProbabilisticSamplerTest, ProportionalMultipliesWhatWasSampledBefore) {
  const std::string keys = "sampling_percentage: 50\n";
  EXPECT_EQ(sample(keys, {{trace_id(0xc0), "ot=th:8,v=1"}, {trace_id(0xbf), "ot=th:8"}, {trace_id(0x80)}}),
            "ot=th:c,v=1 ot=th:8 ");
}

TEST_F(ProbabilisticSamplerTest, EqualizingLeavesASmallerShareAlone) {
  const std::string keys = "sampling_percentage: 50\nmode: equalizing\n";
  EXPECT_EQ(sample(keys, {{trace_id(0xc0), "x=1,ot=th:c"}, {trace_id(0xc0), "ot=th:4"}}), "x=1,ot=th:c ot=th:8 ");
}

TEST_F(ProbabilisticSamplerTest, ExplicitRandomnessComesBeforeTheTraceId) {
  EXPECT_EQ(sample("sampling_percentage: 50\n", {{trace_id(0), "ot=rv:ff000000000000"}}), "ot=rv:ff000000000000;th:8 ");
}

TEST_F(ProbabilisticSamplerTest, WhatCannotBeDecidedGoesOrStaysAsConfigured) {
  const std::vector<TestSpan> odd = {
      {""}, {std::string(16, '\0')}, {trace_id(0xff), "BAD"}, {trace_id(0x10), "ot=th:8"}};
  EXPECT_EQ(sample("sampling_percentage: 50\n", odd), "");
  EXPECT_EQ(sample("sampling_percentage: 50\nfail_closed: false\n", odd), "ot=th:0 ot=th:0 BAD ot=th:0 ");
}

TEST_F(ProbabilisticSamplerTest, PriorityOverrides) {
  const std::string keys = "sampling_percentage: 50\n";
  EXPECT_EQ(sample(keys, {{trace_id(0), "", number(1)},
                          {trace_id(0xff), "", number(0)},
                          {trace_id(0), "", text("2.5")},
                          {trace_id(0xff), "", text("0")},
                          {trace_id(0), "", number(-1)},
                          {trace_id(0), "", text("high")},
                          {trace_id(0xff), "ot=th:c", number(1)}}),
            "ot=th:0 ot=th:0 ot=th:c ");
}

TEST_F(ProbabilisticSamplerTest, HashSeedKeepsItsShareAndSaysItsRandomness) {
  std::vector<TestSpan> spans;
  for (int i = 0; i < 2000; ++i) spans.push_back({trace_id(i & 0xff)});
  for (std::size_t i = 0; i < spans.size(); ++i) spans[i].id[3] = static_cast<char>(i >> 8), spans[i].id[5] = char(i);
  const std::string states = sample("sampling_percentage: 50\nhash_seed: 7\n", spans);
  const auto kept = static_cast<double>(std::count(states.begin(), states.end(), ' '));
  EXPECT_NEAR(kept, 1000, 100);
  EXPECT_EQ(states.substr(0, 6), "ot=rv:");
  EXPECT_NE(states.find(";th:8 "), states.npos);
  EXPECT_EQ(sample("sampling_percentage: 100\nmode: hash_seed\n", {{trace_id(1), "ot=th:8"}}), "")
      << "hashing would break a consistent sampler before it";
}

TEST_F(ProbabilisticSamplerTest, AllOrNothing) {
  EXPECT_EQ(sample("sampling_percentage: 0\n", {{trace_id(0xff)}}), "");
  EXPECT_TRUE(next_.seen.empty());
  EXPECT_EQ(sample("sampling_percentage: 250\n", {{trace_id(0)}}), "ot=th:0 ");
}

TEST(ProbabilisticSamplerConfig, SaysWhatIsWrong) {
  testing::ConfigText text("sampling_percentage: -1\nmode: random\nsampling_precision: 15\nfrom_attribute: x\n");
  read_probabilistic_sampler_config(text.reader);
  EXPECT_NE(text.errors().find("sampling_percentage"), std::string::npos);
  EXPECT_NE(text.errors().find("is not one of hash_seed, equalizing or proportional"), std::string::npos);
  EXPECT_NE(text.errors().find("sampling_precision"), std::string::npos);
  EXPECT_NE(text.warnings().find("from_attribute"), std::string::npos);
}

}  // namespace
}  // namespace nanospan::gateway
