// Reads the `batch` processor's keys. One thread.
#include "gateway/processors/batch/batch_processor_config.h"

namespace nanospan::gateway {

BatchProcessorConfig read_batch_processor_config(MapReader& reader) {
  BatchProcessorConfig config;
  reader.read("send_batch_size", config.send_spans);
  reader.read("send_batch_max_size", config.send_spans_max);
  reader.read_duration("timeout", config.timeout_nanos);
  if (config.send_spans_max != 0 && config.send_spans_max < config.send_spans) {
    reader.fail("send_batch_max_size", "is less than send_batch_size (" + std::to_string(config.send_spans) +
                                           "); raise it, or lower send_batch_size");
  }
  std::vector<std::string> keys;
  reader.read_list("metadata_keys", keys);
  if (!keys.empty()) {
    reader.fail("metadata_keys", "not supported by this build: requests of all clients share a batch; remove it");
  }
  reader.ignore("metadata_cardinality_limit", "batches are not kept apart by metadata");
  reader.finish();
  return config;
}

}  // namespace nanospan::gateway
