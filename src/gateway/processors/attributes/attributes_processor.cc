// One pass over a request: what a matcher asks for is read on the way down. Threads: see the header.
#include "gateway/processors/attributes/attributes_processor.h"

#include "gateway/pipeline/metric_points.h"
#include "wire/writer.h"

namespace nanospan::gateway {
namespace {

namespace otlp = wire::otlp;
using wire::WireType;

// What is read of resources and scopes has the same numbers in these signals.
static_assert(otlp::ResourceSpans::kResource == otlp::ResourceMetrics::kResource &&
              otlp::ResourceSpans::kResource == otlp::ResourceLogs::kResource &&
              otlp::ScopeSpans::kScope == otlp::ScopeMetrics::kScope &&
              otlp::ScopeSpans::kScope == otlp::ScopeLogs::kScope);

}  // namespace

AttributesProcessorConfig read_attributes_processor_config(MapReader& reader) {
  AttributesProcessorConfig config;
  config.actions = AttributeActions::read(reader, "actions");
  config.include = ItemMatcher::read(reader, "include");
  config.exclude = ItemMatcher::read(reader, "exclude");
  reader.finish();
  return config;
}

void check_attributes_processor_config(MapReader& reader, Signal signal) {
  ItemMatcher::check(reader, "include", signal);
  ItemMatcher::check(reader, "exclude", signal);
}

/// The state of one pass.
class AttributesProcessor::Rewriter {
 public:
  Rewriter(const AttributesProcessorConfig& config, Signal signal, RequestBuilder& builder)
      : config_(config), signal_(signal), builder_(builder) {
    subject_.attributes = &attributes_;
    subject_.resource = &resource_;
  }

  void enter_resource(wire::Reader resource) {
    resource_.clear();
    while (resource.next()) {
      if (!resource.is(otlp::ResourceSpans::kResource, WireType::kBytes)) continue;
      for (wire::Reader inner = resource.message(); inner.next();) {
        if (inner.is(otlp::Resource::kAttributes, WireType::kBytes)) resource_.add(inner);
      }
    }
  }
  void enter_scope(wire::Reader scope) {
    subject_.scope_name = subject_.scope_version = {};
    while (scope.next()) {
      if (!scope.is(otlp::ScopeSpans::kScope, WireType::kBytes)) continue;
      for (wire::Reader inner = scope.message(); inner.next();) {
        if (inner.is(otlp::InstrumentationScope::kName, WireType::kBytes)) subject_.scope_name = inner.bytes();
        if (inner.is(otlp::InstrumentationScope::kVersion, WireType::kBytes)) subject_.scope_version = inner.bytes();
      }
    }
  }
  void visit(const wire::Reader& at_item) {
    if (signal_ == Signal::kMetrics) return visit_metric(at_item);
    const std::uint32_t field = signal_ == Signal::kLogs ? otlp::LogRecord::kAttributes : otlp::Span::kAttributes;
    take_apart(at_item.message(), field);
    signal_ == Signal::kLogs ? read_log_record(at_item.message()) : read_span(at_item.message());
    if (!is_wanted() || !change(field)) return builder_.add_item(at_item.raw_field());
    builder_.add_new_item(others_);
  }
  bool changed() const { return changed_; }

 private:
  void visit_metric(const wire::Reader& at_metric) {
    const std::uint64_t points = count_metric_points(at_metric.message());
    subject_.name = {};
    for (wire::Reader metric = at_metric.message(); metric.next();) {
      if (metric.is(otlp::Metric::kName, WireType::kBytes)) subject_.name = metric.bytes();
    }
    if (!is_wanted() || !rewrite_points(at_metric.message())) return builder_.add_item(at_metric.raw_field(), points);
    builder_.add_new_item(metric_, points);
  }

  /// Writes the metric anew to metric_. False if all points stay as they are.
  bool rewrite_points(wire::Reader metric) {
    bool changed = false;
    metric_.clear();
    while (metric.next()) {
      if (!is_metric_data(metric)) {
        metric_ += metric.raw_field();
        continue;
      }
      std::string data;
      const std::uint32_t field = point_attributes_field(metric.field());
      for (wire::Reader points = metric.message(); points.next();) {
        const bool is_point = points.is(otlp::MetricData::kDataPoints, WireType::kBytes);
        if (is_point) take_apart(points.message(), field);
        if (is_point && change(field)) {
          changed = true;
          wire::Appender(data).bytes_field(otlp::MetricData::kDataPoints, others_);
        } else {
          data += points.raw_field();
        }
      }
      wire::Appender(metric_).bytes_field(metric.field(), data);
    }
    return changed;
  }

  void take_apart(wire::Reader message, std::uint32_t attributes_field) {
    attributes_.clear();
    others_.clear();
    while (message.next()) {
      if (message.is(attributes_field, WireType::kBytes)) {
        attributes_.add(message);
      } else {
        others_ += message.raw_field();
      }
    }
  }
  void read_span(wire::Reader span) {
    subject_.name = {};
    subject_.kind = 0;
    while (span.next()) {
      if (span.is(otlp::Span::kName, WireType::kBytes)) subject_.name = span.bytes();
      if (span.is(otlp::Span::kKind, WireType::kVarint)) subject_.kind = span.varint();
    }
  }
  void read_log_record(wire::Reader record) {
    subject_.body = subject_.severity_text = {};
    subject_.severity_number = 0;
    while (record.next()) {
      if (record.is(otlp::LogRecord::kBody, WireType::kBytes)) subject_.body = record.bytes();
      if (record.is(otlp::LogRecord::kSeverityText, WireType::kBytes)) subject_.severity_text = record.bytes();
      if (record.is(otlp::LogRecord::kSeverityNumber, WireType::kVarint)) subject_.severity_number = record.varint();
    }
  }

  bool is_wanted() const {
    const auto asks = [&](const std::optional<ItemMatcher>& matcher) {
      return matcher && (signal_ != Signal::kMetrics || matcher->has_metric_names());
    };
    return (!asks(config_.include) || config_.include->matches(subject_)) &&
           (!asks(config_.exclude) || !config_.exclude->matches(subject_));
  }
  /// Does the actions on what was taken apart, and puts it together in others_. False if nothing changed.
  bool change(std::uint32_t attributes_field) {
    config_.actions.apply(attributes_);
    if (!attributes_.changed()) return false;
    changed_ = true;
    attributes_.write(attributes_field, others_);
    return true;
  }

  const AttributesProcessorConfig& config_;
  const Signal signal_;
  RequestBuilder& builder_;
  AttributeList resource_, attributes_;
  MatchSubject subject_;
  std::string others_;  // the fields of the span, log record or point that are no attributes
  std::string metric_;
  bool changed_ = false;
};

RewritingProcessor::Rewritten AttributesProcessor::rewrite(const Batch& batch, net::ByteBlock& out,
                                                           SpanCounts& counts) {
  RequestBuilder builder;
  Rewriter rewriter(config_, batch.signal(), builder);
  if (!rewrite_items(builder, batch.bytes(), rewriter, out, counts)) return Rewritten::kOutOfMemory;
  return rewriter.changed() ? Rewritten::kChanged : Rewritten::kUnchanged;
}

}  // namespace nanospan::gateway
