// Writing resources anew:
//
//   0A len ResourceSpans = 0A len Resource (new) | all its other fields, as they lie
//
// Threads: see the header.
#include "gateway/processors/resource/resource_processor.h"

#include "gateway/pipeline/request_builder.h"
#include "wire/writer.h"

namespace nanospan::gateway {
namespace {

namespace otlp = wire::otlp;
using wire::WireType;

// Requests of these signals have the same shape down to the resource.
static_assert(otlp::ResourceSpans::kResource == otlp::ResourceMetrics::kResource &&
              otlp::ResourceSpans::kResource == otlp::ResourceLogs::kResource);

void append(net::ByteBlock& out, std::uint32_t field, std::size_t size) {
  auto* const at = reinterpret_cast<std::uint8_t*>(out.tail());
  out.wrote(static_cast<std::size_t>(wire::put_message_header(at, field, size) - at));
}

}  // namespace

ResourceProcessorConfig read_resource_processor_config(MapReader& reader) {
  ResourceProcessorConfig config;
  config.actions = AttributeActions::read(reader, "attributes");
  reader.finish();
  return config;
}

RewritingProcessor::Rewritten ResourceProcessor::rewrite(const Batch& batch, net::ByteBlock& out, SpanCounts& counts) {
  AttributeList attributes;
  std::string resource;                  // the content of the new Resource
  std::vector<std::string_view> others;  // fields beside it; neighbours are joined
  bool changed = false;
  for (wire::Reader top(batch.bytes()); top.next();) {
    if (!top.is(otlp::ExportTraceServiceRequest::kResourceSpans, WireType::kBytes)) continue;
    attributes.clear();
    resource.clear();
    others.clear();
    std::size_t size = 0;
    for (wire::Reader fields = top.message(); fields.next();) {
      if (fields.is(otlp::ResourceSpans::kResource, WireType::kBytes)) {
        for (wire::Reader inner = fields.message(); inner.next();) {
          if (inner.is(otlp::Resource::kAttributes, WireType::kBytes)) {
            attributes.add(inner);
          } else {
            resource += inner.raw_field();
          }
        }
        continue;
      }
      const std::string_view field = fields.raw_field();
      size += field.size();
      if (!others.empty() && others.back().data() + others.back().size() == field.data()) {
        others.back() = {others.back().data(), others.back().size() + field.size()};
      } else {
        others.push_back(field);
      }
    }
    config_.actions.apply(attributes);
    changed |= attributes.changed();
    attributes.write(otlp::Resource::kAttributes, resource);
    size += wire::bytes_field_size(otlp::ResourceSpans::kResource, resource.size());
    if (!grow_for(out, wire::bytes_field_size(otlp::ExportTraceServiceRequest::kResourceSpans, size))) {
      return Rewritten::kOutOfMemory;
    }
    append(out, otlp::ExportTraceServiceRequest::kResourceSpans, size);
    append(out, otlp::ResourceSpans::kResource, resource.size());
    out.append(resource);
    for (const std::string_view field : others) out.append(field);
  }
  counts = batch.counts();
  return changed ? Rewritten::kChanged : Rewritten::kUnchanged;
}

}  // namespace nanospan::gateway
