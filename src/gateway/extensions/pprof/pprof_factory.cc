// Ties the `pprof` extension together. Called by the service's thread.
#include "gateway/extensions/pprof/pprof_factory.h"

#include "gateway/extensions/pprof/pprof.h"

namespace nanospan::gateway {

ExtensionFactory pprof_factory() {
  return {"pprof",
          {},
          "shows where the gateway's own time goes, to go tool pprof and to browsers",
          [](const ComponentId&, MapReader& reader) -> Maker<Component> {
            return [config = read_pprof_config(reader)](Host&) -> Result<std::unique_ptr<Component>> {
              return std::unique_ptr<Component>(std::make_unique<Pprof>(config));
            };
          }};
}

}  // namespace nanospan::gateway
