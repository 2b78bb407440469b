// Keys of the `pprof` extension (Collector contrib: extension/pprofextension/config.go), and those that it has not.
// Read by one thread, then constant.
#pragma once

#include <string>

#include "gateway/config/listen_address.h"
#include "gateway/config/map_reader.h"

namespace nanospan::gateway {

struct PprofConfig {
  ListenAddress address{"127.0.0.1", 1777};
  std::string token;       ///< Asked for as "Authorization: Bearer TOKEN"; needed where others can reach the address.
  bool continuous = true;  ///< Sample always, and keep the last 15 minutes.
  std::uint64_t hz = 100;  ///< Samples per second of each thread's CPU time.
};

PprofConfig read_pprof_config(MapReader& reader);

}  // namespace nanospan::gateway
