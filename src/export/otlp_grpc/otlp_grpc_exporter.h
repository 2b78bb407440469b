// The OTLP/gRPC exporter: an OtlpExporter over a gRPC client. Threads: see OtlpExporter.
#pragma once

#include <memory>

#include "base/result.h"
#include "export/otlp/otlp_exporter.h"
#include "export/otlp_grpc/otlp_grpc_config.h"

namespace nanospan::exporters {

/// Up to calls_max calls at once, on a connection for each 100 of them, evenly. Fails with kUnsupported if
/// nanospan::otlp_grpc is not linked, with kSystem if the process is out of descriptors.
Result<std::unique_ptr<OtlpExporter>> make_otlp_grpc_exporter(OtlpGrpcConfig config, OtlpSeams seams = {});

}  // namespace nanospan::exporters
