// Ties the `batch` processor together. Called by the service's thread.
#include "gateway/processors/batch/batch_processor_factory.h"

#include "gateway/processors/batch/batch_processor.h"

namespace nanospan::gateway {

ProcessorFactory batch_processor_factory() {
  return {"batch",
          {},
          "joins requests into larger ones",
          [](const ComponentId& id, MapReader& reader) -> ProcessorMaker {
            return [name = id.text(), config = read_batch_processor_config(reader)](
                       Host& host, Signal signal, Consumer& next) -> Result<std::unique_ptr<Processor>> {
              return std::unique_ptr<Processor>(std::make_unique<BatchProcessor>(config, name, signal, host, next));
            };
          },
          {Signal::kTraces, Signal::kMetrics, Signal::kLogs}};
}

}  // namespace nanospan::gateway
