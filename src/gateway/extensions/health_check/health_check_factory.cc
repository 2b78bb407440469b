// Ties the `health_check` extension together. Called by the service's thread.
#include "gateway/extensions/health_check/health_check_factory.h"

#include "gateway/extensions/health_check/health_check.h"

namespace nanospan::gateway {

ExtensionFactory health_check_factory() {
  return {"health_check",
          {},
          "answers health probes over HTTP",
          [](const ComponentId&, MapReader& reader) -> Maker<Component> {
            return [config = read_health_check_config(reader)](Host& host) -> Result<std::unique_ptr<Component>> {
              return std::unique_ptr<Component>(std::make_unique<HealthCheck>(config, host));
            };
          }};
}

}  // namespace nanospan::gateway
