// What the SDK says of itself, the merge rule, and detectors guarded against what they throw. Thread-safe.
#include <nanospan/resource.h>

#include <exception>
#include <string>

#include "sdk/diagnostics.h"
#include "sdk/resource/detectors.h"

namespace nanospan {
namespace sdk {
namespace {

constexpr std::string_view kComponent = "resource";

// A detector may be the user's, and throw.
Result<Resource> guarded_detect(const ResourceDetector& detector) {
  try {
    return detector.detect();
  } catch (const std::exception& thrown) {
    return Error{ErrorCode::kUnknown, thrown.what()};
  } catch (...) {
    return Error{ErrorCode::kUnknown, "it threw something that is no std::exception"};
  }
}

}  // namespace

std::string unknown_service_name(const FileRoot& files) {
  const std::string path = executable_path(files);
  const std::string_view name = base_name(path);
  return name.empty() ? "unknown_service" : "unknown_service:" + std::string(name);
}

}  // namespace sdk

inline namespace v0 {

Resource Resource::sdk_default() {
  return Resource(
      {
          {"telemetry.sdk.name", "nanospan"},  // `opentelemetry` is reserved for the project's own SDKs.
          {"telemetry.sdk.language", "cpp"},
          {"telemetry.sdk.version", NANOSPAN_VERSION},
          {"service.name", sdk::unknown_service_name(sdk::FileRoot())},
      },
      sdk::kSchemaUrl);
}

Resource Resource::merge(const Resource& updating) const {
  Resource merged(attributes_, schema_url_);
  for (const Attribute& attribute : updating.attributes_) merged.attributes_.add(attribute.key, attribute.value);
  if (schema_url_.empty()) {
    merged.schema_url_ = updating.schema_url_;
  } else if (!updating.schema_url_.empty() && updating.schema_url_ != schema_url_) {
    merged.schema_url_.clear();
    sdk::report(sdk::kComponent, "schema conflict",
                "resources with schema URLs " + schema_url_ + " and " + updating.schema_url_ +
                    " were merged; the result has none");
  }
  return merged;
}

Resource detect_resource(Resource base, const std::vector<std::unique_ptr<ResourceDetector>>& detectors) {
  for (const std::unique_ptr<ResourceDetector>& detector : detectors) {
    if (detector == nullptr) continue;
    const Result<Resource> found = sdk::guarded_detect(*detector);
    if (found.ok()) {
      base = base.merge(*found);
    } else {
      const std::string name(detector->name());
      sdk::report(sdk::kComponent, name, "detector " + name + " failed and is skipped: " + found.error().message);
    }
  }
  return base;
}

}  // namespace v0
}  // namespace nanospan
