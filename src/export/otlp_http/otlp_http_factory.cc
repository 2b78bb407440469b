// The public way to an OTLP/HTTP exporter. Thread-safe.
#include <utility>

#include "export/otlp_http/otlp_http_exporter.h"

namespace nanospan {
inline namespace v0 {

Result<std::unique_ptr<SpanExporter>> otlp_http_exporter(OtlpHttpOptions options) {
  Result<exporters::OtlpHttpConfig> config = exporters::validate(options);
  if (!config) return config.error().with_prefix("OTLP/HTTP exporter");
  auto exporter = exporters::OtlpHttpExporter::create(std::move(config).value());
  if (!exporter) return exporter.error().with_prefix("OTLP/HTTP exporter");
  return std::unique_ptr<SpanExporter>(std::move(exporter).value());
}

}  // namespace v0
}  // namespace nanospan
