// The attributes processor: which spans it is for, and that the others keep their bytes.
#include "gateway/processors/attributes/attributes_processor.h"

#include <gtest/gtest.h>

#include "gateway/processors/attributes/attributes_processor_factory.h"
#include "gateway/processors/attributes/item_matcher.h"
#include "tests/gateway/attributed_request.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/fake_host.h"
#include "wire/otlp_json_out.h"
#include "wire/validate.h"
#include "wire/writer.h"

namespace nanospan::gateway {
namespace {

using testing::attributed_request;

class AttributesProcessorTest : public ::testing::Test {
 protected:
  /// The batch as the next consumer gets it.
  BatchRef process(const std::string& keys, const BatchRef& batch) {
    testing::ConfigText text(keys);
    const auto processor =
        attributes_processor_factory().read({"attributes", ""}, text.reader)(host_, Signal::kTraces, next_).value();
    EXPECT_EQ(text.errors(), "");
    next_.seen.clear();
    processor->consume(batch, [](const Outcome&) {});
    EXPECT_TRUE(wire::validate_traces(next_.seen.at(0)->bytes()).ok());
    return next_.seen[0];
  }
  /// Whether spans that `block` describes are those that are changed.
  bool matches(const std::string& block) {
    const BatchRef batch = testing::batch_of(attributed_request({{"service.name", "shop"}}, {{"a", "1"}, {"b", "x"}}));
    return process("include: {" + block + "}\nactions: [{key: a, action: delete}]\n", batch) != batch;
  }
  std::string errors(const std::string& keys, Signal signal = Signal::kTraces) {
    testing::ConfigText text(keys);
    read_attributes_processor_config(text.reader);
    check_attributes_processor_config(text.reader, signal);
    warned_ = text.warnings();
    return text.errors();
  }
  /// What the processor makes of a request with this content of a scope, as JSON; "" if it passes it on untouched.
  std::string scope_after(const std::string& keys, Signal signal, const std::string& scope, std::uint64_t items) {
    std::string resource, request;
    wire::Appender(resource).bytes_field(wire::otlp::ResourceLogs::kScopeLogs, scope);
    wire::Appender(request).bytes_field(wire::otlp::ExportLogsServiceRequest::kResourceLogs, resource);
    testing::ConfigText text(keys);
    const auto processor = attributes_processor_factory().read({"attributes", ""}, text.reader)(host_, signal, next_);
    EXPECT_EQ(text.errors(), "");
    const auto before = std::make_shared<const Batch>(net::ByteBlock::copy_of(request), std::nullopt,
                                                      SpanCounts{1, 1, items}, BudgetCharge(), signal);
    next_.seen.clear();
    processor.value()->consume(before, [](const Outcome&) {});
    const BatchRef after = next_.seen.at(0);
    EXPECT_TRUE(wire::validate(info_of(signal).request, after->bytes()).ok());
    EXPECT_EQ(after->counts().spans, items);
    if (after == before) return "";
    std::string json;
    EXPECT_TRUE(wire::append_json(info_of(signal).request, after->bytes(), json));
    return json;
  }

  testing::FakeHost host_;
  testing::FakeNext next_;
  std::string warned_;
};

/// A log record "payment failed" of severity ERROR (17).
std::string log_scope(const std::string& body = any_string("payment failed")) {
  using otlp = wire::otlp::LogRecord;
  std::string record, scope;
  wire::Appender(record).varint_field(otlp::kSeverityNumber, 17);
  wire::Appender(record).bytes_field(otlp::kSeverityText, "ERROR");
  wire::Appender(record).bytes_field(otlp::kBody, body);
  record += testing::attribute_fields(otlp::kAttributes, {{"a", "1"}});
  wire::Appender(scope).bytes_field(wire::otlp::ScopeLogs::kLogRecords, record);
  return scope;
}

/// One metric of each kind, "m" and the number of its field, each with a point that has the attribute a and one that
/// has none; and one without data.
std::string metric_scope() {
  using Metric = wire::otlp::Metric;
  const auto metric = [](std::uint32_t field, std::uint32_t attributes) {
    std::string point, data, out;
    point = testing::attribute_fields(attributes, {{"a", "1"}});
    wire::Appender(data).bytes_field(wire::otlp::MetricData::kDataPoints, point);
    wire::Appender(data).bytes_field(wire::otlp::MetricData::kDataPoints, "");
    wire::Appender(out).bytes_field(Metric::kName, "m" + std::to_string(field));
    wire::Appender(out).bytes_field(field, data);
    return out;
  };
  std::string scope, empty;
  wire::Appender(empty).bytes_field(Metric::kName, "empty");
  for (const std::string& one :
       {metric(Metric::kGauge, wire::otlp::NumberDataPoint::kAttributes),
        metric(Metric::kSum, wire::otlp::NumberDataPoint::kAttributes),
        metric(Metric::kHistogram, wire::otlp::HistogramDataPoint::kAttributes),
        metric(Metric::kExponentialHistogram, wire::otlp::ExponentialHistogramDataPoint::kAttributes),
        metric(Metric::kSummary, wire::otlp::SummaryDataPoint::kAttributes), empty}) {
    wire::Appender(scope).bytes_field(wire::otlp::ScopeMetrics::kMetrics, one);
  }
  return scope;
}

std::size_t count_of(const std::string& text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
  return found;
}

TEST_F(AttributesProcessorTest, ChangesAttributesAndNothingElse) {
  const BatchRef before = testing::batch_of(attributed_request({{"r", "1"}}, {{"a", "1"}, {"b", "2"}}));
  const BatchRef after = process("actions: [{key: a, action: delete}, {key: c, value: x, action: insert}]\n", before);
  std::string json;
  ASSERT_TRUE(wire::append_traces_json(after->bytes(), json));
  EXPECT_NE(
      json.find(R"("attributes":[{"key":"b","value":{"stringValue":"2"}},{"key":"c","value":{"stringValue":"x"}}])"),
      json.npos)
      << json;
  EXPECT_NE(json.find("GET /"), json.npos);
  EXPECT_NE(json.find("1.2"), json.npos);
  EXPECT_NE(json.find("url"), json.npos);
  EXPECT_EQ(after->counts().spans, 1u);
}

TEST_F(AttributesProcessorTest, WhatIsNotChangedIsNotCopied) {
  const BatchRef before = testing::batch_of(attributed_request({}, {{"a", "1"}}));
  EXPECT_EQ(process("actions: [{key: z, action: delete}, {key: a, value: '1', action: upsert}]\n", before), before);
}

TEST_F(AttributesProcessorTest, StrictConditions) {
  EXPECT_TRUE(matches("match_type: strict, services: [x, shop]"));
  EXPECT_FALSE(matches("match_type: strict, services: [sho]"));
  EXPECT_TRUE(matches("match_type: strict, span_names: ['GET /']"));
  EXPECT_TRUE(matches("match_type: strict, span_kinds: [SPAN_KIND_SERVER]"));
  EXPECT_FALSE(matches("match_type: strict, span_kinds: [SPAN_KIND_CLIENT]"));
  EXPECT_TRUE(matches("match_type: strict, libraries: [{name: http}]"));
  EXPECT_TRUE(matches("match_type: strict, libraries: [{name: http, version: '1.2'}]"));
  EXPECT_FALSE(matches("match_type: strict, libraries: [{name: http, version: '1.3'}]"));
  EXPECT_TRUE(matches("match_type: strict, attributes: [{key: a}, {key: b, value: x}]"));
  EXPECT_FALSE(matches("match_type: strict, attributes: [{key: a}, {key: c}]"));
  EXPECT_FALSE(matches("match_type: strict, attributes: [{key: a, value: 1}]")) << "a number is not a text";
  EXPECT_TRUE(matches("match_type: strict, resources: [{key: service.name, value: shop}]"));
  EXPECT_FALSE(matches("match_type: strict, services: [shop], span_names: [x]")) << "all conditions must hold";
}

TEST_F(AttributesProcessorTest, Patterns) {
  EXPECT_TRUE(matches("match_type: regexp, services: ['^sh.p$']"));
  EXPECT_TRUE(matches("match_type: regexp, span_names: [ET]"));
  EXPECT_TRUE(matches("match_type: regexp, attributes: [{key: a, value: '[0-9]'}]"));
  EXPECT_FALSE(matches("match_type: regexp, attributes: [{key: b, value: '[0-9]'}]"));
  EXPECT_TRUE(matches("match_type: regexp, span_kinds: ['^SPAN_KIND_S', CLIENT]"));
  EXPECT_FALSE(matches("match_type: regexp, span_kinds: [Server]"));
}

TEST_F(AttributesProcessorTest, ExcludeWins) {
  const BatchRef batch = testing::batch_of(attributed_request({}, {{"a", "1"}}));
  EXPECT_EQ(process("include: {match_type: strict, attributes: [{key: a}]}\n"
                    "exclude: {match_type: strict, span_names: ['GET /']}\nactions: [{key: a, action: delete}]\n",
                    batch),
            batch);
}

TEST_F(AttributesProcessorTest, LogRecordsAreChosenByWhatTheyHave) {
  const auto chosen = [&](const std::string& block) {
    return !scope_after("include: {" + block + "}\nactions: [{key: a, action: delete}]\n", Signal::kLogs, log_scope(),
                        1)
                .empty();
  };
  EXPECT_TRUE(chosen("match_type: strict, log_bodies: [other, payment failed]"));
  EXPECT_FALSE(chosen("match_type: strict, log_bodies: [payment]"));
  EXPECT_TRUE(chosen("match_type: regexp, log_bodies: ['^pay']"));
  EXPECT_TRUE(chosen("match_type: strict, log_severity_texts: [ERROR]"));
  EXPECT_FALSE(chosen("match_type: regexp, log_severity_texts: ['^WARN']"));
  EXPECT_TRUE(chosen("match_type: strict, log_severity_number: {min: 17}"));
  EXPECT_FALSE(chosen("match_type: strict, log_severity_number: {min: 18, match_undefined: true}"));
  EXPECT_TRUE(chosen("match_type: strict, attributes: [{key: a, value: '1'}]"));
  EXPECT_FALSE(chosen("match_type: strict, attributes: [{key: a}], log_bodies: [x]")) << "all conditions must hold";
}

TEST_F(AttributesProcessorTest, BodiesThatAreListsOrMapsAreMatchedAsJson) {
  std::string list, body;
  wire::Appender(list).bytes_field(wire::otlp::ArrayValue::kValues, any_string("payment"));
  wire::Appender(list).bytes_field(wire::otlp::ArrayValue::kValues, any_int(7));
  wire::Appender(body).bytes_field(wire::otlp::AnyValue::kArrayValue, list);
  const auto chosen = [&](const std::string& block) {
    return !scope_after("include: {" + block + "}\nactions: [{key: a, action: delete}]\n", Signal::kLogs,
                        log_scope(body), 1)
                .empty();
  };
  EXPECT_TRUE(chosen(R"(match_type: strict, log_bodies: ['["payment",7]'])"));
  EXPECT_TRUE(chosen("match_type: regexp, log_bodies: [payment]"));
  EXPECT_FALSE(chosen("match_type: strict, log_bodies: [payment]"));
}

TEST_F(AttributesProcessorTest, ALogRecordKeepsAllButItsAttributes) {
  const std::string json = scope_after("actions: [{key: a, action: delete}, {key: c, value: x, action: insert}]\n",
                                       Signal::kLogs, log_scope(), 1);
  EXPECT_NE(json.find(R"("attributes":[{"key":"c","value":{"stringValue":"x"}}])"), json.npos) << json;
  EXPECT_NE(json.find("payment failed"), json.npos) << json;
  EXPECT_NE(json.find("ERROR"), json.npos) << json;
}

TEST_F(AttributesProcessorTest, PointsOfEveryKindOfMetricAreChangedEachByItself) {
  const std::string json =
      scope_after("actions: [{key: a, value: other, action: update}]\n", Signal::kMetrics, metric_scope(), 10);
  EXPECT_EQ(count_of(json, R"([{"key":"a","value":{"stringValue":"other"}}])"), 5U) << json;
  for (const std::string_view kind :
       {"m5", "m7", "m9", "m10", "m11", "empty", "gauge", "sum", "histogram", "exponentialHistogram", "summary"}) {
    EXPECT_EQ(count_of(json, "\"" + std::string(kind) + "\""), 1U) << kind << " in " << json;
  }
  EXPECT_EQ(scope_after("actions: [{key: z, action: delete}]\n", Signal::kMetrics, metric_scope(), 10), "");
}

TEST_F(AttributesProcessorTest, MetricsAreChosenByName) {
  const auto changed = [&](const std::string& block) {
    const std::string keys = "include: {" + block + "}\nactions: [{key: a, value: other, action: update}]\n";
    return count_of(scope_after(keys, Signal::kMetrics, metric_scope(), 10), "other");
  };
  EXPECT_EQ(changed("match_type: strict, metric_names: [m7, m11]"), 2U);
  EXPECT_EQ(changed("match_type: regexp, metric_names: ['^m1']"), 2U);
  EXPECT_EQ(changed("match_type: strict, resources: [{key: r}]"), 5U) << "as the Collector, which does not look at it";
}

TEST_F(AttributesProcessorTest, EachSignalHasConditionsOfItsOwn) {
  const auto refused = [&](const std::string& condition, Signal signal) {
    return errors("actions: [{key: a, action: delete}]\nexclude: {match_type: strict, " + condition + "}\n", signal);
  };
  for (const std::string of_spans : {"services: [a]", "span_names: [a]", "span_kinds: [SPAN_KIND_SERVER]"}) {
    EXPECT_EQ(refused(of_spans, Signal::kTraces), "");
    EXPECT_NE(refused(of_spans, Signal::kLogs), "") << of_spans;
    EXPECT_NE(refused(of_spans, Signal::kMetrics), "") << of_spans;
  }
  for (const std::string of_logs : {"log_bodies: [a]", "log_severity_texts: [a]", "log_severity_number: {min: 9}"}) {
    EXPECT_EQ(refused(of_logs, Signal::kLogs), "");
    EXPECT_NE(refused(of_logs, Signal::kTraces), "") << of_logs;
  }
  for (const std::string of_both : {"attributes: [{key: a}]", "libraries: [{name: a}]"}) {
    EXPECT_EQ(refused(of_both, Signal::kLogs), "");
    EXPECT_NE(refused(of_both, Signal::kMetrics), "") << of_both;
  }
  EXPECT_EQ(refused("metric_names: [a], span_names: []", Signal::kMetrics), "");
  EXPECT_NE(refused("metric_names: [a]", Signal::kLogs)
                .find("f.yaml:2: it.exclude.metric_names: is no condition for log records, and a pipeline of logs uses "
                      "this processor; remove it, or give each signal a processor of its own (attributes/logs)"),
            std::string::npos)
      << refused("metric_names: [a]", Signal::kLogs);
  EXPECT_EQ(refused("resources: [{key: a}]", Signal::kMetrics), "");
  EXPECT_NE(warned_.find("metrics are chosen by metric_names alone"), std::string::npos) << warned_;
}

TEST_F(AttributesProcessorTest, SaysWhatIsWrong) {
  EXPECT_NE(errors("actions: []\n"), "");
  for (const std::string block :
       {"{match_type: strict}", "{match_type: fuzzy, services: [a]}", "{match_type: regexp, services: ['(']}",
        "{match_type: strict, span_kinds: [Server]}", "{match_type: strict, services: [a], metric_names: [x]}",
        "{match_type: strict, attributes: [{value: x}]}", "{match_type: strict, servics: [a]}"}) {
    EXPECT_NE(errors("actions: [{key: a, action: delete}]\ninclude: " + block + "\n"), "") << block;
  }
}

}  // namespace
}  // namespace nanospan::gateway
