// Putting it together. Threads: see the header.
#include "gateway/service/own_resource.h"

#include <string_view>

#include "wire/json_text.h"

namespace nanospan::gateway {
namespace {

std::string label_name(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!fits) c = '_';
  }
  return out.empty() || (out[0] >= '0' && out[0] <= '9') ? "key_" + out : out;
}

}  // namespace

OwnResource own_resource(const TelemetryConfig& telemetry, const std::string& instance_id) {
  OwnResource resource{{"service.name", "nanospan"}, {"service.version", NANOSPAN_VERSION}};
  if (!instance_id.empty()) resource["service.instance.id"] = instance_id;
  for (const auto& [name, value] : telemetry.resource) {
    if (value) {
      resource[name] = *value;
    } else {
      resource.erase(name);
    }
  }
  return resource;
}

std::string to_json(const OwnResource& resource) {
  std::string out = "{";
  for (const auto& [name, value] : resource) {
    if (out.size() > 1) out += ',';
    wire::append_json_string(name, out);
    wire::append_json_string(value, out += ':');
  }
  return out += '}';
}

void show_target_info(const OwnResource& resource, MetricsRegistry& metrics) {
  OwnResource by_label;
  for (const auto& [name, value] : resource) {
    std::string& text = by_label[label_name(name)];
    text += (text.empty() ? "" : ";") + value;
  }
  const Labels labels(by_label.begin(), by_label.end());
  metrics.set_info("target_info", "Who this is: service.telemetry.resource.", labels);
}

}  // namespace nanospan::gateway
