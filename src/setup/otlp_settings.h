// OTEL_EXPORTER_OTLP_*: where traces go and how. Source: protocol/exporter.md.
// Free functions; as thread-safe as the environment.
#pragma once

#include <string>
#include <string_view>

#include <nanospan/exporters.h>
#include <nanospan/nanospan.h>

#include "base/result.h"
#include "setup/environment.h"

namespace nanospan::setup {

struct OtlpSettings {
  bool grpc = false;  ///< Which of the two options counts.
  OtlpHttpOptions http;
  OtlpGrpcOptions grpc_options;
  /// Not empty: the environment asks for what this build cannot do (https without nanospan::tls), and nothing is to be
  /// exported. The variable, and why.
  std::string unusable;
};

/// `base` is an endpoint for all signals: v1/traces is appended to its path, with one slash between.
std::string traces_endpoint(std::string_view base);

/// Program options over environment over defaults; OTEL_EXPORTER_OTLP_TRACES_X over OTEL_EXPORTER_OTLP_X. What the
/// environment has wrong is warned about and ignored; what the program has wrong is the error.
/// `has_grpc`: whether the program can export over gRPC.
Result<OtlpSettings> read_otlp_settings(const Options& options, const Environment& environment, bool has_grpc);

}  // namespace nanospan::setup
