// The weak side of the hook. Thread-safe.
#include "export/otlp_grpc/otlp_grpc_hook.h"

#include <utility>

#pragma weak nanospan_otlp_grpc_r1

namespace nanospan::exporters {

bool has_otlp_grpc() { return &nanospan_otlp_grpc_r1 != nullptr; }

Result<std::unique_ptr<OtlpTransport>> connect_otlp_grpc(const OtlpGrpcConfig& config, net::EventLoop& loop) {
  std::unique_ptr<OtlpTransport> transport;
  Error error;
  if (!nanospan_otlp_grpc_r1(config, loop, transport, error)) return error;
  return transport;
}

}  // namespace nanospan::exporters
