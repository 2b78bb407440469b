// Reads the `zpages` extension's keys. One thread.
#include "gateway/extensions/zpages/zpages_config.h"

namespace nanospan::gateway {

ZpagesConfig read_zpages_config(MapReader& reader) {
  ZpagesConfig config;
  if (std::optional<ListenAddress> address = read_listen_address(reader, "endpoint"))
    config.address = *std::move(address);
  if (std::optional<MapReader> expvar = reader.child("expvar")) {
    bool enabled = false;
    expvar->read("enabled", enabled);
    if (enabled) expvar->warn("enabled", "has no effect here: it shows variables of the Go runtime");
    expvar->finish();
  }
  reader.refuse("tls", "let it listen on localhost, and reach it through ssh or kubectl port-forward");
  reader.refuse("auth", "let it listen on localhost, and reach it through ssh or kubectl port-forward");
  reader.finish();
  return config;
}

}  // namespace nanospan::gateway
