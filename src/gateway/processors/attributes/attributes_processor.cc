// One pass over a request: what a matcher asks for is read on the way down. Threads: see the header.
#include "gateway/processors/attributes/attributes_processor.h"

#include "wire/writer.h"

namespace nanospan::gateway {
namespace {

namespace otlp = wire::otlp;
using wire::WireType;

}  // namespace

AttributesProcessorConfig read_attributes_processor_config(MapReader& reader) {
  AttributesProcessorConfig config;
  config.actions = AttributeActions::read(reader, "actions");
  config.include = SpanMatcher::read(reader, "include");
  config.exclude = SpanMatcher::read(reader, "exclude");
  reader.finish();
  return config;
}

/// The state of one pass.
class AttributesProcessor::Rewriter {
 public:
  Rewriter(const AttributesProcessorConfig& config, RequestBuilder& builder) : config_(config), builder_(builder) {}

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
    subject_ = {};
    while (scope.next()) {
      if (!scope.is(otlp::ScopeSpans::kScope, WireType::kBytes)) continue;
      for (wire::Reader inner = scope.message(); inner.next();) {
        if (inner.is(otlp::InstrumentationScope::kName, WireType::kBytes)) subject_.scope_name = inner.bytes();
        if (inner.is(otlp::InstrumentationScope::kVersion, WireType::kBytes)) subject_.scope_version = inner.bytes();
      }
    }
  }
  void visit(const wire::Reader& at_span) {
    read_span(at_span.message());
    if ((config_.include && !config_.include->matches(subject_)) ||
        (config_.exclude && config_.exclude->matches(subject_))) {
      return builder_.add_span(at_span.raw_field());
    }
    config_.actions.apply(attributes_);
    if (!attributes_.changed()) return builder_.add_span(at_span.raw_field());
    changed_ = true;
    attributes_.write(otlp::Span::kAttributes, others_);
    builder_.add_new_span(others_);
  }
  bool changed() const { return changed_; }

 private:
  void read_span(wire::Reader span) {
    attributes_.clear();
    others_.clear();
    subject_.name = {};
    subject_.kind = 0;
    subject_.attributes = &attributes_;
    subject_.resource = &resource_;
    while (span.next()) {
      if (span.is(otlp::Span::kAttributes, WireType::kBytes)) {
        attributes_.add(span);
        continue;
      }
      others_ += span.raw_field();
      if (span.is(otlp::Span::kName, WireType::kBytes)) subject_.name = span.bytes();
      if (span.is(otlp::Span::kKind, WireType::kVarint)) subject_.kind = span.varint();
    }
  }

  const AttributesProcessorConfig& config_;
  RequestBuilder& builder_;
  AttributeList resource_, attributes_;
  SpanSubject subject_;
  std::string others_;  // the fields of the span that are no attributes
  bool changed_ = false;
};

RewritingProcessor::Rewritten AttributesProcessor::rewrite(const Batch& batch, net::ByteBlock& out,
                                                           SpanCounts& counts) {
  RequestBuilder builder;
  Rewriter rewriter(config_, builder);
  if (!rewrite_spans(builder, batch.bytes(), rewriter, out, counts)) return Rewritten::kOutOfMemory;
  return rewriter.changed() ? Rewritten::kChanged : Rewritten::kUnchanged;
}

}  // namespace nanospan::gateway
