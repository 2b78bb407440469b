// Keys of the `zpages` extension (Collector: extension/zpagesextension/config.go). Read by one thread, then constant.
#pragma once

#include "gateway/config/listen_address.h"
#include "gateway/config/map_reader.h"

namespace nanospan::gateway {

struct ZpagesConfig {
  ListenAddress address{"127.0.0.1", 55679};
};

ZpagesConfig read_zpages_config(MapReader& reader);

}  // namespace nanospan::gateway
