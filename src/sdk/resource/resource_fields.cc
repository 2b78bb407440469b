// By the encoder of spans' attributes, without limits.
#include "sdk/resource/resource_fields.h"

#include "sdk/trace/value_encoder.h"
#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan::sdk {

static_assert(wire::otlp::ResourceSpans::kResource == wire::otlp::ResourceProfiles::kResource &&
              wire::otlp::ResourceSpans::kSchemaUrl == wire::otlp::ResourceProfiles::kSchemaUrl);

std::string resource_message(const Resource& resource) {
  std::string message;
  append_attributes(message, wire::otlp::Resource::kAttributes, resource.attributes(), SpanLimits::kUnlimited, {});
  return message;
}

std::string resource_fields(const Resource& resource) {
  std::string fields, scratch;
  wire::Appender append(fields);
  append.bytes_field(wire::otlp::ResourceSpans::kResource, resource_message(resource));
  if (!resource.schema_url().empty()) {
    append.bytes_field(wire::otlp::ResourceSpans::kSchemaUrl, valid_text(resource.schema_url(), scratch));
  }
  return fields;
}

}  // namespace nanospan::sdk
