// Ties the `zpages` extension together. Called by the service's thread.
#include "gateway/extensions/zpages/zpages_factory.h"

#include "gateway/extensions/zpages/zpages.h"

namespace nanospan::gateway {

ExtensionFactory zpages_factory() {
  return {"zpages",
          {},
          "shows pipelines, connections, queues and the last warnings, to people",
          [](const ComponentId&, MapReader& reader) -> Maker<Component> {
            return [config = read_zpages_config(reader)](Host& host) -> Result<std::unique_ptr<Component>> {
              return std::unique_ptr<Component>(std::make_unique<Zpages>(config, host));
            };
          }};
}

}  // namespace nanospan::gateway
