#include "setup/wiring.h"

#include <memory>
#include <utility>
#include <vector>

#include <nanospan/exporters.h>
#include <nanospan/resource.h>
#include <nanospan/sampler.h>

#include "export/otlp_grpc/otlp_grpc_hook.h"
#include "setup/otlp_settings.h"
#include "setup/trace_settings.h"

namespace nanospan::setup {
namespace {

BatchOptions batch_of(Preset preset) {
  switch (preset) {
    case Preset::kDefault:
      return {};
    case Preset::kLowLatency:
      return BatchOptions::low_latency();
    case Preset::kHighThroughput:
      return BatchOptions::high_throughput();
    case Preset::kLowMemory:
      return BatchOptions::low_memory();
  }
  return {};
}

/// SDK default < detectors < environment < program (resource/sdk.md "Merge", "Specifying resource information via an
/// environment variable").
Resource resource_of(const Options& options, const TraceSettings& settings) {
  std::vector<std::unique_ptr<ResourceDetector>> detectors;
  detectors.push_back(service_detector());
  detectors.push_back(process_detector());
  detectors.push_back(host_detector());
  detectors.push_back(container_detector());
  AttributeList program = options.resource;
  if (!options.service_name.empty()) program.add("service.name", options.service_name);
  if (!options.service_version.empty()) program.add("service.version", options.service_version);
  return detect_resource(Resource::sdk_default(), detectors)
      .merge(Resource(settings.resource))
      .merge(Resource(program));
}

Result<std::unique_ptr<SpanExporter>> otlp_exporter(const OtlpSettings& settings) {
  return settings.grpc ? otlp_grpc_exporter(settings.grpc_options) : otlp_http_exporter(settings.http);
}

using Processors = std::vector<std::shared_ptr<SpanProcessor>>;

/// In the order of OTEL_TRACES_EXPORTER. Console is paired with the simple processor, the others with batches
/// (trace/sdk_exporters/stdout.md, protocol/file-exporter.md).
Result<Processors> processors_of(const Options& options, const TraceSettings& settings,
                                 const Environment& environment) {
  Result<OtlpSettings> otlp = read_otlp_settings(options, environment, exporters::has_otlp_grpc());
  if (!otlp) return otlp.error();
  Processors processors;
  for (const ExporterKind kind : settings.exporters) {
    if (kind == ExporterKind::kConsole) {
      processors.push_back(simple_processor(console_exporter()));
      continue;
    }
    if (kind == ExporterKind::kOtlp && !otlp->usable) continue;
    auto exporter = kind == ExporterKind::kOtlp
                        ? otlp_exporter(*otlp)
                        : file_exporter({.path = kind == ExporterKind::kOtlpFile ? "traces.jsonl" : "-"});
    if (!exporter && kind == ExporterKind::kOtlpFile) {  // only the environment asks for it
      environment.warn("OTEL_TRACES_EXPORTER", exporter.error().message + "; otlp_file is ignored");
      continue;
    }
    if (!exporter) return exporter.error();
    processors.push_back(batch_processor(std::move(exporter).value(), settings.batch));
  }
  return processors;
}

Status customize(const Options& options, TracerProviderOptions& provider) {
  if (options.customize == nullptr) return {};
  try {
    options.customize(provider);
  } catch (...) {  // the user's code; nothing is thrown through our interfaces
    return Error{ErrorCode::kInvalidArgument, "Options::customize threw"};
  }
  return {};
}

}  // namespace

Result<Wiring> wire_up(const Options& options, const Environment& environment) {
  const bool sampled_by_program = options.sample_ratio >= 0;
  if (!(options.sample_ratio <= 1)) {  // also not a number
    return Error{ErrorCode::kInvalidArgument, "sample_ratio is " + std::to_string(options.sample_ratio) +
                                                  "; it may be 0 to 1, or negative for the environment's"};
  }
  apply_log_level(environment);
  const TraceSettings settings = read_trace_settings(environment, batch_of(options.preset));
  Wiring wiring;
  wiring.propagator = settings.propagator;
  wiring.disabled = settings.disabled;
  if (wiring.disabled) return wiring;
  wiring.provider.resource = resource_of(options, settings);
  wiring.provider.limits = settings.limits;
  wiring.provider.sampler = sampled_by_program
                                ? parent_based_sampler({.root = trace_id_ratio_sampler(options.sample_ratio)})
                                : settings.sampler;
  Result<Processors> processors = processors_of(options, settings, environment);
  if (!processors) return processors.error();
  wiring.provider.processors = std::move(processors).value();
  if (const Status customized = customize(options, wiring.provider); !customized) return customized.error();
  return wiring;
}

}  // namespace nanospan::setup
