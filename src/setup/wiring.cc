// Options of the program go before the environment, part by part. Threads: see the header.
#include "setup/wiring.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanospan/exporters.h>
#include <nanospan/resource.h>
#include <nanospan/sampler.h>

#include "export/otlp_grpc/otlp_grpc_hook.h"
#include "sdk/pipeline/batch_options.h"
#include "setup/absent_exporter.h"
#include "setup/otlp_settings.h"

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

template <class T>
void override_with(const std::optional<T>& given, T& value) {
  if (given) value = *given;
}

void override_limits(const LimitOverrides& given, SpanLimits& limits) {
  override_with(given.attribute_count_max, limits.attribute_count_max);
  override_with(given.attribute_value_length_max, limits.attribute_value_length_max);
  override_with(given.attribute_value_depth_max, limits.attribute_value_depth_max);
  override_with(given.event_count_max, limits.event_count_max);
  override_with(given.link_count_max, limits.link_count_max);
  override_with(given.attribute_per_event_count_max, limits.attribute_per_event_count_max);
  override_with(given.attribute_per_link_count_max, limits.attribute_per_link_count_max);
  override_with(given.span_bytes_max, limits.span_bytes_max);
}

void override_batch(const BatchOverrides& given, BatchOptions& batch) {
  override_with(given.queue_spans_max, batch.queue_spans_max);
  override_with(given.batch_spans_max, batch.batch_spans_max);
  override_with(given.schedule_delay_ms, batch.schedule_delay_ms);
  override_with(given.export_timeout_ms, batch.export_timeout_ms);
  override_with(given.batch_bytes_max, batch.batch_bytes_max);
  override_with(given.queue_bytes_max, batch.queue_bytes_max);
  override_with(given.exports_in_flight_max, batch.exports_in_flight_max);
}

/// What is wrong in the program alone, whatever the environment says.
Status check_batch(const BatchOverrides& given, BatchOptions preset) {
  override_batch(given, preset);
  if (Status checked = sdk::check(preset); !checked) return checked;
  if (given.batch_spans_max && preset.batch_spans_max > preset.queue_spans_max) {
    return Error{ErrorCode::kInvalidArgument, "batch.batch_spans_max is " + std::to_string(preset.batch_spans_max) +
                                                  "; the most is the queue's size, " +
                                                  std::to_string(preset.queue_spans_max)};
  }
  return {};
}

/// A batch is never larger than the queue, whoever said what.
void fit_batch(const BatchOverrides& given, const Environment& environment, BatchOptions& batch) {
  if (batch.batch_spans_max <= batch.queue_spans_max) return;
  if (given.batch_spans_max) {
    environment.warn("OTEL_BSP_MAX_QUEUE_SIZE", "the program's batches of " + std::to_string(batch.batch_spans_max) +
                                                    " spans are larger than the queue, whose size is used");
  }
  batch.batch_spans_max = batch.queue_spans_max;
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
    if (kind == ExporterKind::kOtlp && !otlp->unusable.empty()) {
      processors.push_back(batch_processor(absent_exporter(otlp->unusable), settings.batch));
      continue;
    }
    auto exporter = kind == ExporterKind::kOtlp
                        ? otlp_exporter(*otlp)
                        : file_exporter({.path = kind == ExporterKind::kOtlpFile ? "traces.jsonl" : "-"});
    if (!exporter && kind == ExporterKind::kOtlpFile) {  // only the environment asks for it
      environment.warn("OTEL_TRACES_EXPORTER", exporter.error().message + "; otlp_file is ignored");
      exporter = absent_exporter("OTEL_TRACES_EXPORTER: " + exporter.error().message);
    }
    if (!exporter) return exporter.error();
    processors.push_back(batch_processor(std::move(exporter).value(), settings.batch));
  }
  return processors;
}

Status customize(const Options& options, TracerProviderOptions& provider) {
  if (!options.customize) return {};
  try {
    options.customize(provider);
  } catch (...) {  // the user's code; nothing is thrown through our interfaces
    return Error{ErrorCode::kInvalidArgument, "Options::customize threw"};
  }
  return {};
}

}  // namespace

Result<TraceSettings> trace_settings_of(const Options& options, const Environment& environment) {
  const BatchOptions preset = batch_of(options.preset);
  if (const Status checked = check_batch(options.batch, preset); !checked) return checked.error();
  TraceSettings settings = read_trace_settings(environment, preset);
  override_batch(options.batch, settings.batch);
  fit_batch(options.batch, environment, settings.batch);
  override_limits(options.limits, settings.limits);
  return settings;
}

Result<Wiring> wire_up(const Options& options, const Environment& environment) {
  const bool sampled_by_program = options.sample_ratio >= 0;
  if (!(options.sample_ratio <= 1)) {  // also not a number
    return Error{ErrorCode::kInvalidArgument, "sample_ratio is " + std::to_string(options.sample_ratio) +
                                                  "; it may be 0 to 1, or negative for the environment's"};
  }
  apply_log_level(environment);
  const Result<TraceSettings> combined = trace_settings_of(options, environment);
  if (!combined) return combined.error();
  const TraceSettings& settings = *combined;
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
