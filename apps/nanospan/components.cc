// nanospan components: what this build can receive, send and serve.
#include <cstdio>

#include "apps/nanospan/command.h"
#include "gateway/service/components.h"

namespace nanospan::app {
namespace {

template <class F>
void list(const char* title, const std::vector<F>& factories) {
  std::printf("%s:\n", title);
  for (const F& factory : factories) {
    std::printf("  %-22.*s%.*s", static_cast<int>(factory.type.size()), factory.type.data(),
                static_cast<int>(factory.summary.size()), factory.summary.data());
    for (const std::string_view alias : factory.aliases)
      std::printf("  (also called %.*s)", static_cast<int>(alias.size()), alias.data());
    std::printf("\n");
  }
}

int components(const Arguments&) {
  const gateway::ComponentRegistry registry = gateway::built_in_components();
  list("receivers", registry.receivers);
  list("processors", registry.processors);
  list("exporters", registry.exporters);
  list("extensions", registry.extensions);
  return kExitOk;
}

}  // namespace

Command components_command() {
  return {"components",
          "list the components of this build",
          "Lists receivers, processors, exporters and extensions that configurations may name.\n",
          {},
          components};
}

}  // namespace nanospan::app
