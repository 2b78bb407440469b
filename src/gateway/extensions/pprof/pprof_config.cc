// Reads the `pprof` extension's keys. One thread.
#include "gateway/extensions/pprof/pprof_config.h"

namespace nanospan::gateway {

PprofConfig read_pprof_config(MapReader& reader) {
  PprofConfig config;
  if (std::optional<ListenAddress> address = read_listen_address(reader, "endpoint"))
    config.address = *std::move(address);
  reader.read_secret("token", config.token);
  reader.read("continuous", config.continuous);
  reader.read("hz", config.hz, 1, 1000);
  reader.ignore("block_profile_fraction", "it is Go's");
  reader.ignore("mutex_profile_fraction", "it is Go's");
  reader.ignore("save_to_file", "fetch /debug/pprof/profile instead");
  reader.finish();
  return config;
}

}  // namespace nanospan::gateway
