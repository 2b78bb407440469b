// One function a group of variables; a wrong value is said and its default used. Threads: see the header.
#include "setup/trace_settings.h"

#include "sdk/diagnostics.h"
#include "setup/key_values.h"

namespace nanospan::setup {
namespace {

void read_resource(const Environment& environment, AttributeList& out) {
  constexpr const char* kName = "OTEL_RESOURCE_ATTRIBUTES";
  if (const auto text = environment.text(kName)) {
    if (const Result<KeyValues> pairs = parse_key_values(*text)) {
      for (const auto& [key, value] : *pairs) out.add(key, value);
    } else {
      environment.warn(kName, pairs.error().message + "; all of it is ignored");
    }
  }
  if (const auto name = environment.text("OTEL_SERVICE_NAME")) out.add("service.name", *name);
}

PropagatorPtr read_propagator(const Environment& environment) {
  constexpr const char* kName = "OTEL_PROPAGATORS";
  std::vector<PropagatorPtr> parts;
  bool none = false;
  for (const auto& [name, text] : environment.list(kName)) {
    if (name == "tracecontext") {
      parts.push_back(trace_context_propagator());
    } else if (name == "baggage") {
      parts.push_back(baggage_propagator());
    } else if (name == "b3") {
      parts.push_back(b3_propagator());
    } else if (name == "b3multi") {
      parts.push_back(b3_multi_propagator());
    } else if (name == "none") {
      none = true;
    } else if (name == "jaeger" || name == "xray" || name == "ottrace") {
      environment.warn(kName, text + " is not in this build and is ignored");
    } else {
      environment.warn_unknown(kName, text, "tracecontext, baggage, b3, b3multi, none");
    }
  }
  if (none && parts.empty()) return nullptr;
  if (none) environment.warn(kName, "none stands beside other propagators and is ignored");
  if (parts.empty()) parts = {trace_context_propagator(), baggage_propagator()};
  return composite_propagator(std::move(parts));
}

std::vector<ExporterKind> read_exporters(const Environment& environment) {
  constexpr const char* kName = "OTEL_TRACES_EXPORTER";
  std::vector<ExporterKind> kinds;
  bool none = false;
  for (const auto& [name, text] : environment.list(kName)) {
    if (name == "otlp") {
      kinds.push_back(ExporterKind::kOtlp);
    } else if (name == "console") {
      kinds.push_back(ExporterKind::kConsole);
    } else if (name == "otlp/stdout") {
      kinds.push_back(ExporterKind::kOtlpStdout);
    } else if (name == "otlp_file") {
      kinds.push_back(ExporterKind::kOtlpFile);
    } else if (name == "none") {
      none = true;
    } else if (name == "logging") {
      environment.warn(kName, "logging is obsolete and is ignored; write console");
    } else if (name == "zipkin" || name == "jaeger") {
      environment.warn(kName, text + " is not in this build and is ignored; write otlp");
    } else {
      environment.warn_unknown(kName, text, "otlp, console, otlp/stdout, otlp_file, none");
    }
  }
  if (none && !kinds.empty()) environment.warn(kName, "none stands beside other exporters and is ignored");
  if (kinds.empty() && !none) kinds.push_back(ExporterKind::kOtlp);
  return kinds;
}

SamplerPtr read_sampler(const Environment& environment) {
  enum class Kind { kOn, kOff, kRatio, kParentOn, kParentOff, kParentRatio };
  constexpr const char* kName = "OTEL_TRACES_SAMPLER";
  const std::string wanted = Environment::lower(environment.text(kName).value_or(""));
  if (wanted == "jaeger_remote" || wanted == "parentbased_jaeger_remote" || wanted == "xray") {
    environment.warn(kName, "jaeger_remote and xray are not in this build; parentbased_always_on is used");
    return nullptr;
  }
  const auto kind = environment.choice<Kind>(kName, {{"always_on", Kind::kOn},
                                                     {"always_off", Kind::kOff},
                                                     {"traceidratio", Kind::kRatio},
                                                     {"parentbased_always_on", Kind::kParentOn},
                                                     {"parentbased_always_off", Kind::kParentOff},
                                                     {"parentbased_traceidratio", Kind::kParentRatio}});
  if (!kind) return nullptr;
  // Only read where it means something; without it, or with a bad one, everything is sampled.
  const auto ratio = [&environment] {
    return trace_id_ratio_sampler(environment.ratio("OTEL_TRACES_SAMPLER_ARG").value_or(1.0));
  };
  switch (*kind) {
    case Kind::kOn:
      return always_on_sampler();
    case Kind::kOff:
      return always_off_sampler();
    case Kind::kRatio:
      return ratio();
    case Kind::kParentOn:
      return parent_based_sampler({.root = always_on_sampler()});
    case Kind::kParentOff:
      return parent_based_sampler({.root = always_off_sampler()});
    case Kind::kParentRatio:
      return parent_based_sampler({.root = ratio()});
  }
  return nullptr;
}

void read_batch(const Environment& environment, BatchOptions& batch) {
  constexpr Range kPositive = {.least = 1};
  const auto narrow = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
  if (const auto delay = environment.number("OTEL_BSP_SCHEDULE_DELAY", kPositive)) batch.schedule_delay_ms = *delay;
  if (const auto timeout = environment.number("OTEL_BSP_EXPORT_TIMEOUT")) batch.export_timeout_ms = *timeout;
  if (const auto queue = environment.number("OTEL_BSP_MAX_QUEUE_SIZE", kPositive))
    batch.queue_spans_max = narrow(*queue);
  const auto size = environment.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", kPositive);
  if (size) batch.batch_spans_max = narrow(*size);
  if (batch.batch_spans_max <= batch.queue_spans_max) return;
  if (size) {
    environment.warn("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", std::to_string(batch.batch_spans_max) +
                                                           " is larger than the queue, whose size, " +
                                                           std::to_string(batch.queue_spans_max) +
                                                           ", is used; OTEL_BSP_MAX_QUEUE_SIZE makes that larger");
  }
  batch.batch_spans_max = batch.queue_spans_max;
}

/// A specific limit wins over the general one, which wins over the default (common/README.md "Attribute Limits").
void read_limits(const Environment& environment, SpanLimits& limits) {
  const auto read = [&environment](const char* name, std::uint32_t& out) {
    if (const auto value = environment.number(name)) out = static_cast<std::uint32_t>(*value);
  };
  read("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", limits.attribute_value_length_max);
  read("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", limits.attribute_value_length_max);
  for (std::uint32_t* count :
       {&limits.attribute_count_max, &limits.attribute_per_event_count_max, &limits.attribute_per_link_count_max}) {
    read("OTEL_ATTRIBUTE_COUNT_LIMIT", *count);
  }
  read("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", limits.attribute_count_max);
  read("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", limits.attribute_per_event_count_max);
  read("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", limits.attribute_per_link_count_max);
  read("OTEL_SPAN_EVENT_COUNT_LIMIT", limits.event_count_max);
  read("OTEL_SPAN_LINK_COUNT_LIMIT", limits.link_count_max);
}

}  // namespace

TraceSettings read_trace_settings(const Environment& environment, const BatchOptions& batch) {
  TraceSettings settings;
  settings.disabled = environment.boolean("OTEL_SDK_DISABLED");
  if (environment.text("OTEL_CONFIG_FILE")) {
    environment.warn("OTEL_CONFIG_FILE",
                     "declarative configuration is not in this build; the other OTEL_* variables are used");
  }
  read_resource(environment, settings.resource);
  settings.propagator = read_propagator(environment);
  settings.exporters = read_exporters(environment);
  settings.sampler = read_sampler(environment);
  settings.batch = batch;
  read_batch(environment, settings.batch);
  read_limits(environment, settings.limits);
  return settings;
}

void apply_log_level(const Environment& environment) {
  const auto silent = environment.choice<bool>("OTEL_LOG_LEVEL", {{"none", true},
                                                                  {"off", true},
                                                                  {"fatal", false},
                                                                  {"error", false},
                                                                  {"warn", false},
                                                                  {"warning", false},
                                                                  {"info", false},
                                                                  {"debug", false},
                                                                  {"trace", false}});
  sdk::silence_default_handler(silent.value_or(false));
}

}  // namespace nanospan::setup
