// Keys of the `bearertokenauth` extension (Collector contrib: extension/bearertokenauthextension/config.go). Read by
// one thread, then constant.
#pragma once

#include <string>
#include <vector>

#include "gateway/config/map_reader.h"

namespace nanospan::gateway {

struct BearerTokenConfig {
  std::string header = "authorization";  ///< In lower case.
  std::string scheme = "Bearer";         ///< Before the token; empty: the token alone.
  std::vector<std::string> tokens;       ///< Any of them lets in; exporters send the first.
  std::string file;                      ///< A token a line, in place of `tokens`; followed.
};

BearerTokenConfig read_bearer_token_config(MapReader& reader);

}  // namespace nanospan::gateway
