// Ties the `resource` processor together. Called by the service's thread.
#include "gateway/processors/resource/resource_processor_factory.h"

#include "gateway/processors/resource/resource_processor.h"

namespace nanospan::gateway {

ProcessorFactory resource_processor_factory() {
  return {"resource",
          {},
          "changes attributes of resources",
          [](const ComponentId& id, MapReader& reader) -> ProcessorMaker {
            return [name = id.text(), config = read_resource_processor_config(reader)](
                       Host& host, Signal signal, Consumer& next) -> Result<std::unique_ptr<Processor>> {
              return std::unique_ptr<Processor>(std::make_unique<ResourceProcessor>(config, name, signal, host, next));
            };
          },
          {Signal::kTraces, Signal::kMetrics, Signal::kLogs}};
}

}  // namespace nanospan::gateway
