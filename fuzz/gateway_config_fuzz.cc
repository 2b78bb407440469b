// LINK: nanospan_gateway
// Configuration files: whatever the bytes, loading ends with a configuration or with complaints, never with a crash,
// and every complaint is one line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/service/components.h"
#include "gateway/service/gateway_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const nanospan::gateway::LoadedConfig loaded =
      nanospan::gateway::load_config(text, "f.yaml", nanospan::gateway::built_in_components(),
                                     [](std::string_view name) -> std::optional<std::string> {
                                       if (name.size() % 2 == 0) return std::nullopt;
                                       return std::string(name) + ": [1, ${env:A}]";
                                     });
  for (const std::string& line : loaded.errors) {
    if (line.find('\n') != std::string::npos || line.rfind("f.yaml:", 0) != 0) std::abort();
  }
  return 0;
}
