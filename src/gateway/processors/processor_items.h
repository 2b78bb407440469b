// ProcessorItems: what every processor counts, under the Collector's names (processor/processorhelper). Thread-safe.
#pragma once

#include <string>

#include "gateway/pipeline/signal.h"
#include "gateway/telemetry/metrics.h"

namespace nanospan::gateway {

struct ProcessorItems {
  ProcessorItems(const std::string& processor, Signal signal, MetricsRegistry& metrics)
      : incoming(metrics.counter("otelcol_processor_incoming_items",
                                 "Spans, data points, log records or samples that the processor took.",
                                 {{"otel_signal", info_of(signal).name}, {"processor", processor}})),
        outgoing(metrics.counter("otelcol_processor_outgoing_items",
                                 "Spans, data points, log records or samples passed on to the next component.",
                                 {{"otel_signal", info_of(signal).name}, {"processor", processor}})) {}
  Metric& incoming;
  Metric& outgoing;
};

}  // namespace nanospan::gateway
