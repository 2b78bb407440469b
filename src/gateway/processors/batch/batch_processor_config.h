// BatchProcessorConfig: the `batch` processor's keys (processor/batchprocessor/README.md). A plain value.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "gateway/config/map_reader.h"

namespace nanospan::gateway {

struct BatchProcessorConfig {
  std::uint64_t send_spans = 8192;                           ///< send_batch_size: a batch of so many is sent at once.
  std::uint64_t send_spans_max = 0;                          ///< send_batch_max_size: larger ones are split; 0: never.
  std::uint64_t timeout_nanos = 200 * base::kNanosPerMilli;  ///< A batch is sent after this; 0: each request at once.
};

BatchProcessorConfig read_batch_processor_config(MapReader& reader);

}  // namespace nanospan::gateway
