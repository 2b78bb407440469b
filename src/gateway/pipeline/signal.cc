// The table. Constant.
#include "gateway/pipeline/signal.h"

namespace nanospan::gateway {
namespace {

namespace schema = wire::schema;

const std::array<SignalInfo, kSignals.size()> kRows{{
    {"traces", "/v1/traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export", "traces_url_path",
     "traces_endpoint", schema::kExportTraceServiceRequest, schema::kExportTraceServiceResponse, "spans", "spans",
     true},
    {"metrics", "/v1/metrics", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", "metrics_url_path",
     "metrics_endpoint", schema::kExportMetricsServiceRequest, schema::kExportMetricsServiceResponse, "data points",
     "metric_points", true},
    {"logs", "/v1/logs", "/opentelemetry.proto.collector.logs.v1.LogsService/Export", "logs_url_path", "logs_endpoint",
     schema::kExportLogsServiceRequest, schema::kExportLogsServiceResponse, "log records", "log_records", true},
    {"profiles", "/v1development/profiles",
     "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export", "profiles_url_path",
     "profiles_endpoint", schema::kExportProfilesServiceRequest, schema::kExportProfilesServiceResponse, "samples",
     "profile_samples", false},
}};

}  // namespace

const SignalInfo& info_of(Signal signal) { return kRows[static_cast<std::size_t>(signal)]; }

std::optional<Signal> find_signal(std::string_view name) {
  for (const Signal signal : kSignals) {
    if (info_of(signal).name == name) return signal;
  }
  return std::nullopt;
}

}  // namespace nanospan::gateway
