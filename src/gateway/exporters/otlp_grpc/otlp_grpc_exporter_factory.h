// The `otlp_grpc` exporter: sends OTLP over gRPC.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ExporterFactory otlp_grpc_exporter_factory();

}  // namespace nanospan::gateway
