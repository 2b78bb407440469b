// The OTLP/HTTP exporter: an OtlpExporter over an HTTP/1.1 client. Threads: see OtlpExporter.
#pragma once

#include <memory>

#include "base/result.h"
#include "export/otlp/otlp_exporter.h"
#include "export/otlp_http/otlp_http_config.h"

namespace nanospan::exporters {

/// Up to connections_max requests at once. Fails with kSystem if the process is out of descriptors.
Result<std::unique_ptr<OtlpExporter>> make_otlp_http_exporter(OtlpHttpConfig config, OtlpSeams seams = {});

}  // namespace nanospan::exporters
