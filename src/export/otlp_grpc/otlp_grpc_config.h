// OtlpGrpcConfig: OtlpGrpcOptions once they are checked, in the form in which the exporter uses them. A plain value.
#pragma once

#include <cstdint>

#include <nanospan/exporters.h>

#include "base/result.h"
#include "export/otlp/otlp_delivery.h"

namespace nanospan::exporters {

/// Its headers are the metadata of each call, names in lower case; grpc-encoding among them if gzip.
struct OtlpGrpcConfig : OtlpDelivery {
  std::uint32_t calls_max = 1;
  bool round_robin = false;
};

/// kInvalidArgument for what cannot be meant, kUnsupported for https without nanospan::tls and for gzip without
/// nanospan::gzip.
Result<OtlpGrpcConfig> validate(const OtlpGrpcOptions& options);

}  // namespace nanospan::exporters
