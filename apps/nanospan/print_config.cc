// nanospan print-config: the configuration that serve would run, as one YAML document.
#include <cstdio>

#include "apps/nanospan/command.h"
#include "apps/nanospan/config_file.h"

namespace nanospan::app {
namespace {

int print_config(const Arguments& arguments) {
  const std::string mode = arguments.value("--mode").value_or("redacted");
  if (mode != "redacted" && mode != "unredacted") {
    std::fprintf(stderr, "nanospan print-config: --mode is redacted or unredacted, not \"%s\"\n", mode.c_str());
    return kExitUsage;
  }
  const std::optional<gateway::LoadedConfig> loaded = read_config(arguments);
  if (!loaded) return kExitConfig;
  std::fputs((mode == "redacted" ? loaded->redacted_text : loaded->text).c_str(), stdout);
  return kExitOk;
}

}  // namespace

Command print_config_command() {
  std::vector<Option> options = config_options();
  options.push_back({"--mode", "MODE", "redacted (the default): secrets are [REDACTED]; unredacted: they are shown"});
  return {"print-config", "show the configuration as serve would run it",
          "Prints the configuration as one YAML document: all sources merged, references such as ${env:NAME}\n"
          "replaced, secrets (passwords, tokens, headers, keys in PEM) as [REDACTED]. Keys that are not given keep\n"
          "their defaults (docs/gateway.md) and are not printed. What is wrong is said as `validate` says it.\n"
          "Without --config: what `serve` runs without one.\n",
          std::move(options), print_config};
}

}  // namespace nanospan::app
