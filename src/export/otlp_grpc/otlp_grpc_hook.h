// How nanospan::sdk reaches gRPC without linking nghttp2: one symbol that nanospan::otlp_grpc defines and nanospan::sdk
// refers to weakly; as gzip does (docs/decisions/0021). Thread-safe.
#pragma once

#include <memory>

#include "export/otlp/otlp_transport.h"
#include "export/otlp_grpc/otlp_grpc_config.h"

/// Makes the transport; false, and why in `error`, if it cannot.
extern "C" [[gnu::visibility("default")]] bool nanospan_otlp_grpc_r1(
    const nanospan::exporters::OtlpGrpcConfig& config, nanospan::net::EventLoop& loop,
    std::unique_ptr<nanospan::exporters::OtlpTransport>& transport, nanospan::Error& error);

namespace nanospan::exporters {

/// True if nanospan::otlp_grpc is linked into this program.
bool has_otlp_grpc();
Result<std::unique_ptr<OtlpTransport>> connect_otlp_grpc(const OtlpGrpcConfig& config, net::EventLoop& loop);

}  // namespace nanospan::exporters
