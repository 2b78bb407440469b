// TraceSettings: everything that OTEL_* variables say about traces, except where they go (otlp_settings.h).
// Source: configuration/sdk-environment-variables.md. A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nanospan/attributes.h>
#include <nanospan/limits.h>
#include <nanospan/propagation.h>
#include <nanospan/sampler.h>
#include <nanospan/span_processor.h>

#include "setup/environment.h"

namespace nanospan::setup {

enum class ExporterKind : std::uint8_t { kOtlp, kConsole, kOtlpFile, kOtlpStdout };

struct TraceSettings {
  bool disabled = false;                ///< OTEL_SDK_DISABLED.
  AttributeList resource;               ///< OTEL_RESOURCE_ATTRIBUTES, then OTEL_SERVICE_NAME.
  PropagatorPtr propagator;             ///< OTEL_PROPAGATORS; null = none.
  std::vector<ExporterKind> exporters;  ///< OTEL_TRACES_EXPORTER.
  SamplerPtr sampler;                   ///< OTEL_TRACES_SAMPLER, _ARG; null = the default.
  BatchOptions batch;                   ///< OTEL_BSP_*.
  SpanLimits limits;                    ///< OTEL_SPAN_*, OTEL_EVENT_*, OTEL_LINK_*, OTEL_ATTRIBUTE_*.
};

/// `batch` has the values of the preset, which OTEL_BSP_* override.
TraceSettings read_trace_settings(const Environment& environment, const BatchOptions& batch = {});

/// OTEL_LOG_LEVEL: `none` and `off` silence the default handler of diagnostics, any other value and none let it speak;
/// there are no levels. A handler that the program set gets its lines all the same.
void apply_log_level(const Environment& environment);

}  // namespace nanospan::setup
