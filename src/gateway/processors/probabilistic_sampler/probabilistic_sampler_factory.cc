// Ties the `probabilistic_sampler` processor together. Called by the service's thread.
#include "gateway/processors/probabilistic_sampler/probabilistic_sampler_factory.h"

#include "gateway/processors/probabilistic_sampler/probabilistic_sampler.h"

namespace nanospan::gateway {

ProcessorFactory probabilistic_sampler_factory() {
  return {
      "probabilistic_sampler",
      {},
      "keeps a part of traces and logs, chosen by trace id or attribute",
      [](const ComponentId& id, MapReader& reader) -> ProcessorMaker {
        return [name = id.text(), config = read_probabilistic_sampler_config(reader)](
                   Host& host, Signal signal, Consumer& next) -> Result<std::unique_ptr<Processor>> {
          return std::unique_ptr<Processor>(std::make_unique<ProbabilisticSampler>(config, name, signal, host, next));
        };
      },
      {Signal::kTraces, Signal::kLogs},
      check_probabilistic_sampler_config};
}

}  // namespace nanospan::gateway
