// The weak side of the hook. Thread-safe.
#include "net/linked_tls.h"

#include <utility>

#pragma weak nanospan_tls_r1

namespace nanospan::net {

Result<StreamFactory> tls_streams(const TlsClientOptions& options, const std::string& host,
                                  const std::string& protocol) {
  if (&nanospan_tls_r1 == nullptr) {
    return Error{ErrorCode::kUnsupported,
                 "https needs the library target nanospan::tls, which is not linked into this program"};
  }
  StreamFactory streams;
  Error error;
  if (!nanospan_tls_r1(options, host, protocol, streams, error)) return error;
  return streams;
}

}  // namespace nanospan::net
