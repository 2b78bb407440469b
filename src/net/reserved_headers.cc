// The list. Pure, any thread.
#include "net/reserved_headers.h"

#include <algorithm>
#include <array>

#include "net/http_message.h"

namespace nanospan::net {

bool is_reserved_header(std::string_view name) {
  constexpr std::array<std::string_view, 17> kReserved = {
      "Host",        "Content-Type", "Content-Encoding", "Content-Length", "Transfer-Encoding",
      "Connection",  "Keep-Alive",   "Proxy-Connection", "Upgrade",        "Trailer",
      "Expect",      "te",           "grpc-timeout",     "grpc-encoding",  "grpc-accept-encoding",
      "grpc-status", "grpc-message"};
  return std::any_of(kReserved.begin(), kReserved.end(),
                     [name](std::string_view reserved) { return equals_ignoring_case(name, reserved); });
}

}  // namespace nanospan::net
