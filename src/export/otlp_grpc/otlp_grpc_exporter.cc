// Checks that gRPC is linked, and hands its connecting to OtlpExporter. Threads: see OtlpExporter.
#include "export/otlp_grpc/otlp_grpc_exporter.h"

#include <utility>

#include "export/otlp_grpc/otlp_grpc_hook.h"

namespace nanospan::exporters {

Result<std::unique_ptr<OtlpExporter>> make_otlp_grpc_exporter(OtlpGrpcConfig config, OtlpSeams seams) {
  if (!has_otlp_grpc()) {
    return Error{ErrorCode::kUnsupported,
                 "it needs the library target nanospan::otlp_grpc, which is not linked into this program"};
  }
  OtlpDelivery delivery = config;
  return OtlpExporter::create(
      std::move(delivery),
      [config = std::move(config)](net::EventLoop& loop) { return connect_otlp_grpc(config, loop); }, std::move(seams));
}

}  // namespace nanospan::exporters

namespace nanospan {
inline namespace v0 {

Result<std::unique_ptr<SpanExporter>> otlp_grpc_exporter(OtlpGrpcOptions options) {
  Result<exporters::OtlpGrpcConfig> config = exporters::validate(options);
  if (!config) return config.error().with_prefix("OTLP/gRPC exporter");
  auto exporter = exporters::make_otlp_grpc_exporter(std::move(config).value());
  if (!exporter) return exporter.error().with_prefix("OTLP/gRPC exporter");
  return std::unique_ptr<SpanExporter>(std::move(exporter).value());
}

}  // namespace v0
}  // namespace nanospan
