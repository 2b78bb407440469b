// Resource: the entity that produces telemetry, as immutable attributes with a schema URL.
//
// A value; safe to read from any thread. Source: resource/sdk.md.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nanospan/attributes.h>
#include <nanospan/result.h>

namespace nanospan {
inline namespace v0 {

class Resource {
 public:
  /// The empty resource.
  Resource() = default;
  explicit Resource(const Attributes& attributes, std::string_view schema_url = {})
      : attributes_(attributes), schema_url_(schema_url) {}

  /// telemetry.sdk.{name,language,version} and service.name `unknown_service:<executable>`.
  /// Source: resource/sdk.md "SDK-provided resource attributes".
  static Resource sdk_default();

  /// This resource updated by `updating`, whose values win even where they are empty. Two different non-empty schema
  /// URLs are a conflict: attributes are merged, the schema URL becomes empty, and the conflict is reported.
  Resource merge(const Resource& updating) const;

  const AttributeList& attributes() const { return attributes_; }
  const std::string& schema_url() const { return schema_url_; }
  /// The string value of `key`, or nothing.
  std::string_view string_value(std::string_view key) const {
    for (const Attribute& attribute : attributes_) {
      if (attribute.key == key && attribute.value.type() == AttributeValue::Type::kString)
        return attribute.value.as_string();
    }
    return {};
  }

 private:
  AttributeList attributes_;
  std::string schema_url_;
};

/// Finds attributes of the environment. Finding nothing is not an error.
class ResourceDetector {
 public:
  virtual ~ResourceDetector() = default;
  /// Its registered name: service, process, host, container, env, or a user's.
  virtual std::string_view name() const = 0;
  /// Called when a provider is made, on that thread, which waits for it. An error, or what it throws, is said on the
  /// diagnostics and leaves its attributes out.
  virtual Result<Resource> detect() const = 0;
};

// The built-in detectors; keys of the semantic conventions, each with its schema URL.
std::unique_ptr<ResourceDetector>
service_detector();  ///< service.instance.id (random UUID); the name is the user's to give.
std::unique_ptr<ResourceDetector> process_detector();    ///< process.pid, process.executable.*, process.owner, ...
std::unique_ptr<ResourceDetector> host_detector();       ///< host.id, host.name, host.arch, os.*.
std::unique_ptr<ResourceDetector> container_detector();  ///< container.id from the control group or mount table.

/// The results of `detectors` merged in order over `base`; a detector that fails is reported and skipped.
Resource detect_resource(Resource base, const std::vector<std::unique_ptr<ResourceDetector>>& detectors);

}  // namespace v0
}  // namespace nanospan
