// A resource as OTLP bytes. Pure functions.
#pragma once

#include <string>

#include <nanospan/resource.h>

namespace nanospan::sdk {

/// The message opentelemetry.proto.resource.v1.Resource.
std::string resource_message(const Resource& resource);
/// The fields resource and schema_url of ResourceSpans, which ResourceProfiles has under the same numbers.
std::string resource_fields(const Resource& resource);

}  // namespace nanospan::sdk
