// Ties the `attributes` processor together. Called by the service's thread.
#include "gateway/processors/attributes/attributes_processor_factory.h"

#include "gateway/processors/attributes/attributes_processor.h"

namespace nanospan::gateway {

ProcessorFactory attributes_processor_factory() {
  return {
      "attributes",
      {},
      "changes attributes of spans, log records and data points",
      [](const ComponentId& id, MapReader& reader) -> ProcessorMaker {
        return [name = id.text(), config = read_attributes_processor_config(reader)](
                   Host& host, Signal signal, Consumer& next) -> Result<std::unique_ptr<Processor>> {
          return std::unique_ptr<Processor>(std::make_unique<AttributesProcessor>(config, name, signal, host, next));
        };
      },
      {Signal::kTraces, Signal::kMetrics, Signal::kLogs},
      check_attributes_processor_config};
}

}  // namespace nanospan::gateway
