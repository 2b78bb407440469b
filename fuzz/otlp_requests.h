// The requests that the fuzz targets of the walk and of JSON try every input as.
#pragma once

#include <array>

#include "wire/otlp_schema.h"

namespace nanospan::fuzz {

inline constexpr std::array<const wire::MessageSchema*, 3> kRequests{&wire::schema::kExportTraceServiceRequest,
                                                                     &wire::schema::kExportMetricsServiceRequest,
                                                                     &wire::schema::kExportLogsServiceRequest};

}  // namespace nanospan::fuzz
