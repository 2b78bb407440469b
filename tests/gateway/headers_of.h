// Header fields as a receiver gets them, for tests of what reads them.
#pragma once

#include <string>

#include "net/http1_head.h"

namespace nanospan::gateway::testing {

/// `lines`: "Name: value\r\n", any number of them.
inline net::HeaderBlock headers_of(const std::string& lines) {
  net::HeadReader reader(true, {});
  reader.feed("POST / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n");
  return reader.take().headers;
}

}  // namespace nanospan::gateway::testing
