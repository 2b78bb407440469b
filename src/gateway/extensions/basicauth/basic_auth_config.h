// Keys of the `basicauth` extension (Collector contrib: extension/basicauthextension/config.go). Read by one thread,
// then constant.
#pragma once

#include <string>

#include "gateway/config/map_reader.h"

namespace nanospan::gateway {

struct BasicAuthConfig {
  bool is_server = false;
  std::string htpasswd_file;    ///< For receivers: who may send.
  std::string htpasswd_inline;  ///< Goes over the file.
  std::string username;         ///< For exporters: who they are.
  std::string username_file;    ///< In place of the text; followed.
  std::string password;
  std::string password_file;
};

BasicAuthConfig read_basic_auth_config(MapReader& reader);

}  // namespace nanospan::gateway
