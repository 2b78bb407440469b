// OtlpHttpConfig: OtlpHttpOptions once they are checked, in the form in which the exporter uses them. A plain value.
#pragma once

#include <cstddef>

#include <nanospan/exporters.h>

#include "base/result.h"
#include "export/otlp/otlp_delivery.h"

namespace nanospan::exporters {

/// Its headers are those of each request: Content-Type, Content-Encoding if gzip, the user's, User-Agent.
struct OtlpHttpConfig : OtlpDelivery {
  std::size_t connections_max = 1;
};

/// kInvalidArgument for what cannot be meant, kUnsupported for https without nanospan::tls and for gzip without
/// nanospan::gzip.
Result<OtlpHttpConfig> validate(const OtlpHttpOptions& options);

}  // namespace nanospan::exporters
