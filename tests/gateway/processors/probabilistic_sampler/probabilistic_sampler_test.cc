// Which spans and log records stay, and what they say of it then.
#include "gateway/processors/probabilistic_sampler/probabilistic_sampler.h"

#include <gtest/gtest.h>

#include "gateway/processors/any_value.h"
#include "gateway/processors/probabilistic_sampler/probabilistic_sampler_config.h"
#include "gateway/processors/probabilistic_sampler/probabilistic_sampler_factory.h"
#include "tests/gateway/attributed_request.h"
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
    const auto processor =
        probabilistic_sampler_factory().read({"s", ""}, text.reader)(host_, Signal::kTraces, next_).value();
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
    ItemVisitor visitor{[&](const wire::Reader& at_span) {
      for (wire::Reader span = at_span.message(); span.next();) {
        if (span.is(otlp::Span::kTraceState, wire::WireType::kBytes)) out += span.bytes();
      }
      out += ' ';
    }};
    rewrite_items(builder, request, visitor, unused, counts);
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
  EXPECT_EQ(host_.counter("otelcol_processor_probabilistic_sampler_count_spans_processed",
                          {{"processor", "s"}, {"policy", "trace_id_w3c"}, {"sampled", "false"}}),
            1u);
}

TEST_F(ProbabilisticSamplerTest, ProportionalMultipliesWhatWasSampledBefore) {
  const std::string keys = "mode: proportional\nsampling_percentage: 50\n";
  EXPECT_EQ(sample(keys, {{trace_id(0xc0), "ot=th:8,v=1"}, {trace_id(0xbf), "ot=th:8"}, {trace_id(0x80)}}),
            "ot=th:c,v=1 ot=th:8 ");
}

TEST_F(ProbabilisticSamplerTest, EqualizingLeavesASmallerShareAlone) {
  const std::string keys = "sampling_percentage: 50\nmode: equalizing\n";
  EXPECT_EQ(sample(keys, {{trace_id(0xc0), "x=1,ot=th:c"}, {trace_id(0xc0), "ot=th:4"}}), "x=1,ot=th:c ot=th:8 ");
}

TEST_F(ProbabilisticSamplerTest, ExplicitRandomnessComesBeforeTheTraceId) {
  EXPECT_EQ(sample("mode: proportional\nsampling_percentage: 50\n", {{trace_id(0), "ot=rv:ff000000000000"}}),
            "ot=rv:ff000000000000;th:8 ");
}

TEST_F(ProbabilisticSamplerTest, WhatCannotBeDecidedGoesOrStaysAsConfigured) {
  const std::vector<TestSpan> odd = {
      {""}, {std::string(16, '\0')}, {trace_id(0xff), "BAD"}, {trace_id(0x10), "ot=th:8"}};
  EXPECT_EQ(sample("mode: proportional\nsampling_percentage: 50\n", odd), "");
  EXPECT_EQ(sample("mode: proportional\nsampling_percentage: 50\nfail_closed: false\n", odd),
            "ot=th:0 ot=th:0 BAD ot=th:0 ");
}

TEST_F(ProbabilisticSamplerTest, PriorityOverrides) {
  const std::string keys = "mode: proportional\nsampling_percentage: 50\n";
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
  EXPECT_EQ(sample("mode: proportional\nsampling_percentage: 0\n", {{trace_id(0xff)}}), "");
  EXPECT_TRUE(next_.seen.empty());
  EXPECT_EQ(sample("sampling_percentage: 0\n", {{trace_id(0), "BAD", number(1)}}), "ot=th:0 ") << "but for priority";
  EXPECT_EQ(sample("mode: proportional\nsampling_percentage: 250\n", {{trace_id(0)}}), "ot=th:0 ");
}

TEST_F(ProbabilisticSamplerTest, WithoutAModeItHashesTraceIdsAsTheCollectorDoes) {
  const std::string state = sample("sampling_percentage: 100\n", {{trace_id(1)}});
  EXPECT_EQ(state.substr(0, 6), "ot=rv:");
  EXPECT_EQ(state, sample("sampling_percentage: 100\nmode: hash_seed\nhash_seed: 0\n", {{trace_id(1)}}));
  EXPECT_EQ(sample("sampling_percentage: 100\n", {{""}}), "") << "no trace id, no randomness";
  EXPECT_EQ(sample("sampling_percentage: 100\nfail_closed: false\n", {{""}, {trace_id(1), "ot=rv:ff000000000000"}}),
            "ot=rv:ffffffffffffff;th:0 ot=rv:ff000000000000 ")
      << "the numbers of a consistent sampler are left alone";
}

struct TestRecord {
  std::string id;
  testing::TextAttributes attributes = {};
  std::string priority = {};  // an AnyValue, of the attribute "p"
};

/// The attributes of the log records that stay, "key=value," each, with a space after each record.
class LogSamplerTest : public ProbabilisticSamplerTest {
 protected:
  std::string sample_logs(const std::string& keys, const std::vector<TestRecord>& records) {
    testing::ConfigText text(keys);
    const auto processor =
        probabilistic_sampler_factory().read({"s", ""}, text.reader)(host_, Signal::kLogs, next_).value();
    EXPECT_EQ(text.errors(), "");
    std::string scope, resource, request;
    for (const TestRecord& record : records) {
      std::string bytes = testing::attribute_fields(otlp::LogRecord::kAttributes, record.attributes), priority;
      wire::Appender(bytes).bytes_field(otlp::LogRecord::kTraceId, record.id);
      if (!record.priority.empty()) {
        wire::Appender(priority).bytes_field(otlp::KeyValue::kKey, "p");
        wire::Appender(priority).bytes_field(otlp::KeyValue::kValue, record.priority);
        wire::Appender(bytes).bytes_field(otlp::LogRecord::kAttributes, priority);
      }
      wire::Appender(scope).bytes_field(otlp::ScopeLogs::kLogRecords, bytes);
    }
    wire::Appender(resource).bytes_field(otlp::ResourceLogs::kScopeLogs, scope);
    wire::Appender(request).bytes_field(otlp::ExportLogsServiceRequest::kResourceLogs, resource);
    next_.seen.clear();
    processor->consume(std::make_shared<const Batch>(net::ByteBlock::copy_of(request), std::nullopt,
                                                     SpanCounts{1, 1, records.size()}, BudgetCharge(), Signal::kLogs),
                       [](const Outcome&) {});
    if (next_.seen.empty()) return "";
    EXPECT_TRUE(wire::validate(info_of(Signal::kLogs).request, next_.seen[0]->bytes()).ok());
    return attributes_of(next_.seen[0]->bytes());
  }
  static std::string attributes_of(std::string_view request) {
    std::string out;
    RequestBuilder builder;
    net::ByteBlock unused;
    SpanCounts counts;
    ItemVisitor visitor{[&](const wire::Reader& at_record) {
      AttributeList attributes;
      for (wire::Reader record = at_record.message(); record.next();) {
        if (record.is(otlp::LogRecord::kAttributes, wire::WireType::kBytes)) attributes.add(record);
      }
      for (const AttributeList::Attribute& one : attributes.all()) {
        out.append(one.key).append("=").append(any_text(read_any(one.value)).value_or("?")).append(",");
      }
      out += ' ';
    }};
    rewrite_items(builder, request, visitor, unused, counts);
    return out;
  }
};

TEST_F(LogSamplerTest, ConsistentModesSayTheirThresholdInAnAttribute) {
  EXPECT_EQ(sample_logs("sampling_percentage: 25\nmode: equalizing\n", {{trace_id(0xbf)}, {trace_id(0xc0)}}),
            "sampling.threshold=c, ");
  EXPECT_EQ(
      sample_logs("sampling_percentage: 50\nmode: proportional\n",
                  {{trace_id(0xc0), {{"sampling.threshold", "8"}}}, {trace_id(0xbf), {{"sampling.threshold", "8"}}}}),
      "sampling.threshold=c, ");
  EXPECT_EQ(sample_logs("sampling_percentage: 50\nmode: equalizing\n",
                        {{trace_id(0), {{"sampling.randomness", "ff000000000000"}}}}),
            "sampling.randomness=ff000000000000,sampling.threshold=8, ");
  EXPECT_EQ(host_.counter("otelcol_processor_probabilistic_sampler_count_logs_sampled",
                          {{"processor", "s"}, {"policy", "trace_id_w3c"}, {"sampled", "false"}}),
            2u);
}

TEST_F(LogSamplerTest, WithoutATraceIdAnAttributeIsHashed) {
  const std::string keys = "sampling_percentage: 50\nfrom_attribute: id\n";
  std::vector<TestRecord> records;
  for (int i = 0; i < 1000; ++i) records.push_back({"", {{"id", "record" + std::to_string(i)}}});
  const std::string kept = sample_logs(keys, records);
  EXPECT_EQ(std::count(kept.begin(), kept.end(), ' '), 360)
      << "FNV-1a of such names is uneven; counted with another one";
  EXPECT_EQ(sample_logs(keys, records), kept) << "the same ones again";
  EXPECT_EQ(sample_logs(keys, {{""}}), "") << "neither trace id nor attribute";
  EXPECT_NE(host_.counter("otelcol_processor_probabilistic_sampler_count_logs_sampled",
                          {{"processor", "s"}, {"policy", "id"}, {"sampled", "true"}}),
            0u);
}

TEST_F(LogSamplerTest, AttributeSourceRecordLeavesTheTraceIdAside) {
  const std::vector<TestRecord> records = {{trace_id(1), {{"id", "a"}}}, {trace_id(2), {{"id", "a"}}}};
  const std::string by_trace = sample_logs("sampling_percentage: 100\nfrom_attribute: id\n", records);
  const std::string by_record =
      sample_logs("sampling_percentage: 100\nattribute_source: record\nfrom_attribute: id\n", records);
  const auto halves_are_equal = [](const std::string& text) {
    return text.substr(0, text.size() / 2) == text.substr(text.size() / 2);
  };
  EXPECT_FALSE(halves_are_equal(by_trace)) << by_trace;
  EXPECT_TRUE(halves_are_equal(by_record)) << by_record;
  EXPECT_EQ(sample_logs("sampling_percentage: 100\nattribute_source: record\n", records), "") << "nothing to hash";
}

TEST_F(LogSamplerTest, APriorityIsThePercentageOfItsRecord) {
  const std::string keys = "sampling_percentage: 10\nmode: equalizing\nsampling_priority: p\n";
  EXPECT_EQ(sample_logs(keys, {{trace_id(0x80), {}, number(50)},
                               {trace_id(0x7f), {}, number(50)},
                               {trace_id(0), {}, number(100)},
                               {trace_id(0), {}, number(200)},
                               {trace_id(0), {}, text("100")},
                               {trace_id(0xff), {}, number(0)}}),
            "p=50,sampling.threshold=8, p=100,sampling.threshold=0, p=0,sampling.threshold=e666, ");
}

TEST_F(LogSamplerTest, WhatIsMalformedGoesOrStaysAsConfigured) {
  const std::vector<TestRecord> odd = {
      {trace_id(0xff), {{"sampling.threshold", "xyz"}}}, {trace_id(0x10), {{"sampling.threshold", "8"}}}, {""}};
  EXPECT_EQ(sample_logs("mode: proportional\nsampling_percentage: 50\n", odd), "");
  EXPECT_EQ(sample_logs("mode: proportional\nsampling_percentage: 50\nfail_closed: false\n", odd),
            "sampling.threshold=xyz, sampling.threshold=0, sampling.threshold=0, ");
}

/// What is said of keys that do nothing in a pipeline of `signal`.
std::string warned(const std::string& keys, Signal signal) {
  testing::ConfigText text("sampling_percentage: 10\nattribute_source: record\nfrom_attribute: id\n" + keys);
  const ProcessorFactory factory = probabilistic_sampler_factory();
  factory.read({"s", ""}, text.reader);
  factory.check_signal(text.reader, signal);
  EXPECT_EQ(text.errors(), "");
  return text.warnings();
}

TEST(ProbabilisticSamplerConfig, SaysWhichKeysDoNothing) {
  EXPECT_EQ(warned("sampling_priority: p\n", Signal::kLogs), "");
  EXPECT_EQ(warned("mode: hash_seed\n", Signal::kLogs), "");
  EXPECT_EQ(warned("mode: equalizing\nsampling_priority: p\n", Signal::kLogs),
            "f.yaml:2: it.attribute_source: has no effect in mode equalizing, which hashes nothing; hash_seed does\n"
            "f.yaml:3: it.from_attribute: has no effect in mode equalizing, which hashes nothing; hash_seed does\n");
  EXPECT_EQ(warned("sampling_priority: p\n", Signal::kTraces),
            "f.yaml:2: it.attribute_source: has no effect in pipelines of traces: it is about logs\n"
            "f.yaml:3: it.from_attribute: has no effect in pipelines of traces: it is about logs\n"
            "f.yaml:4: it.sampling_priority: has no effect in pipelines of traces: it is about logs\n");
}

TEST(ProbabilisticSamplerConfig, SaysWhatIsWrong) {
  testing::ConfigText text("sampling_percentage: -1\nmode: random\nsampling_precision: 15\nattribute_source: x\n");
  read_probabilistic_sampler_config(text.reader);
  EXPECT_NE(text.errors().find("sampling_percentage"), std::string::npos);
  EXPECT_NE(text.errors().find("is not one of hash_seed, equalizing or proportional"), std::string::npos);
  EXPECT_NE(text.errors().find("sampling_precision"), std::string::npos);
  EXPECT_NE(text.errors().find("attribute_source"), std::string::npos);
}

}  // namespace
}  // namespace nanospan::gateway
