// Ties the `pprof` extension together. Called by the service's thread.
#include "gateway/extensions/pprof/pprof_factory.h"

#include "gateway/extensions/pprof/pprof.h"

namespace nanospan::gateway {

ExtensionFactory pprof_factory() {
  return {"pprof",
          {},
          "shows and records where the gateway's own time goes, for go tool pprof, browsers and Pyroscope",
          [](const ComponentId& id, MapReader& reader) -> Maker<Component> {
            return [name = id.text(),
                    config = read_pprof_config(reader)](Host& host) -> Result<std::unique_ptr<Component>> {
              return std::unique_ptr<Component>(std::make_unique<Pprof>(name, config, host));
            };
          }};
}

}  // namespace nanospan::gateway
