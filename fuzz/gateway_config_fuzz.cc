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
  const auto environment = [](std::string_view name) -> std::optional<std::string> {
    if (name.size() % 2 == 0) return std::nullopt;
    return std::string(name) + ": [1, ${env:A}]";
  };
  // A file may include itself.
  const auto file = [text](const std::string& path) -> nanospan::Result<std::string> {
    if (path.size() % 2 == 0) return nanospan::Error{nanospan::ErrorCode::kNotFound, "no"};
    return std::string(text);
  };
  const nanospan::gateway::LoadedConfig loaded =
      nanospan::gateway::load_config(text, "f.yaml", nanospan::gateway::built_in_components(), {environment, file});
  for (const std::string& line : loaded.errors) {
    if (line.find('\n') != std::string::npos) std::abort();
  }
  if (!loaded.errors.empty()) return 0;
  // What is printed loads again, as the same.
  const nanospan::gateway::LoadedConfig again = nanospan::gateway::load_config(
      loaded.text, "again.yaml", nanospan::gateway::built_in_components(), {environment});
  if (!again.errors.empty() || again.text != loaded.text) std::abort();
  return 0;
}
