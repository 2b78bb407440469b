// Ties the `memory_limiter` processor together, with the heap of this process. Called by the service's thread.
#include "gateway/processors/memory_limiter/memory_limiter_factory.h"

#include <malloc.h>

#include "gateway/processors/memory_limiter/memory_limiter.h"

namespace nanospan::gateway {
namespace {

/// Bytes that malloc has given out: what Go calls the heap's Alloc, by which the Collector judges.
std::uint64_t heap_bytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace

ProcessorFactory memory_limiter_factory() {
  return {"memory_limiter",
          {},
          "refuses requests while the process uses too much memory",
          [](const ComponentId& id, MapReader& reader) -> ProcessorMaker {
            return [name = id.text(), config = read_memory_limiter_config(reader)](
                       Host& host, Signal signal, Consumer& next) -> Result<std::unique_ptr<Processor>> {
              return std::unique_ptr<Processor>(
                  std::make_unique<MemoryLimiter>(config, name, signal, host, next, heap_bytes));
            };
          },
          {kSignals.begin(), kSignals.end()}};
}

}  // namespace nanospan::gateway
