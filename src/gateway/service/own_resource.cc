// Putting it together. Threads: see the header.
#include "gateway/service/own_resource.h"

#include <sys/random.h>

#include <string_view>
#include <utility>

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

std::string new_instance_id() {
  std::string bytes(16, '\0');
  static_cast<void>(::getrandom(bytes.data(), bytes.size(), 0));  // so few are never cut short (getrandom(2))
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  std::string out;
  for (const auto& [from, length] : {std::pair{0U, 4U}, {4U, 2U}, {6U, 2U}, {8U, 2U}, {10U, 6U}}) {
    if (from != 0) out += '-';
    wire::append_hex(std::string_view(bytes).substr(from, length), out);
  }
  return out;
}

OwnResource own_resource(const TelemetryConfig& telemetry, const std::string& instance_id) {
  OwnResource resource{
      {"service.name", "nanospan"}, {"service.version", NANOSPAN_VERSION}, {"service.instance.id", instance_id}};
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
