// Files and messages. One thread.
#include "apps/nanospan/config_file.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "gateway/config/yaml.h"
#include "gateway/service/components.h"

namespace nanospan::app {
namespace {

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

}  // namespace

std::optional<gateway::GatewayConfig> read_config(const Arguments& arguments) {
  std::string name = "embedded configuration";
  std::string text(gateway::embedded_config());
  if (std::optional<std::string> given = arguments.value("--config")) {
    name = given->rfind("file:", 0) == 0 ? given->substr(5) : *given;
    std::ifstream file(name, std::ios::binary);
    // One byte more than the limit, so that the reader says it is too large.
    text.assign(gateway::kYamlBytesMax + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || (!file.is_open()) || (file.gcount() == 0 && !file.eof())) {
      std::fprintf(stderr, "%s: cannot be read: %s; give --config the path of a YAML file\n", name.c_str(),
                   std::strerror(errno));
      return std::nullopt;
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
  }
  gateway::LoadedConfig loaded = gateway::load_config(text, name, gateway::built_in_components(), environment);
  for (const std::string& line : loaded.warnings) std::fprintf(stderr, "warning: %s\n", line.c_str());
  for (const std::string& line : loaded.errors) std::fprintf(stderr, "%s\n", line.c_str());
  if (!loaded.errors.empty()) return std::nullopt;
  return std::move(loaded.config);
}

}  // namespace nanospan::app
