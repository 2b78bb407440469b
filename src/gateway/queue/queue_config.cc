// Reads sending_queue and retry_on_failure. One thread.
#include "gateway/queue/queue_config.h"

#include "gateway/config/units.h"

namespace nanospan::gateway {
namespace {

/// Requests of all clients share a batch.
void read_partition(MapReader& batch) {
  std::optional<MapReader> partition = batch.child("partition");
  if (!partition) return;
  std::vector<std::string> keys;
  partition->read_list("metadata_keys", keys);
  if (!keys.empty()) {
    partition->fail("metadata_keys", "not supported by this build: requests of all clients share a batch; remove it");
  }
  for (const std::string_view key : {"cache_size", "idle_timeout"}) {
    partition->ignore(key, "batches are not kept apart by metadata");
  }
  partition->finish();
}

/// The rules are the Collector's (exporterhelper/internal/queuebatch/config.go): the batch counts what the queue counts
/// where that is said, else items.
void read_batch(MapReader& queue, QueueOptions& out) {
  const ConfigNode* const node = queue.node("batch");
  std::optional<MapReader> batch = queue.child("batch");
  if (!batch || node == nullptr || node->is_null()) return;
  QueueBatchOptions options;
  std::string sizer = "items";
  if (queue.has("sizer")) queue.read("sizer", sizer);
  batch->read("sizer", sizer);
  if (sizer != "items" && sizer != "bytes") {
    batch->fail("sizer", "must be items or bytes, also where it is the queue's (\"" + sizer + "\")");
  }
  options.limits.sizer = sizer == "bytes" ? BatchSizer::kBytes : BatchSizer::kItems;
  batch->read_duration("flush_timeout", options.flush_nanos);
  if (options.flush_nanos == 0) batch->fail("flush_timeout", "must be greater than zero");
  const auto read_size = [&](std::string_view key, std::uint64_t& size) {
    if (options.limits.sizer == BatchSizer::kBytes) {
      batch->read_bytes(key, size);
    } else {
      batch->read(key, size);
    }
  };
  read_size("min_size", options.limits.size);
  read_size("max_size", options.limits.size_max);
  if (options.limits.size_max != 0 && options.limits.size_max < options.limits.size) {
    batch->fail("max_size",
                "is less than min_size (" + std::to_string(options.limits.size) + "); raise it, or lower min_size");
  }
  const bool same_unit = out.sizer == (sizer == "bytes" ? QueueSizer::kBytes : QueueSizer::kItems);
  if (same_unit && options.limits.size > out.size_max) {
    batch->fail("min_size", "is more than the whole queue (queue_size " + std::to_string(out.size_max) +
                                "): it would never be reached; lower it, or raise queue_size");
  }
  read_partition(*batch);
  batch->finish();
  out.batch = options;
}

}  // namespace

void read_queue_options(MapReader& exporter, QueueOptions& out) {
  std::optional<MapReader> queue = exporter.child("sending_queue");
  if (!queue) return;
  queue->read("enabled", out.enabled);
  queue->read("num_consumers", out.consumers, 1, 1024);
  std::string sizer = "requests";
  queue->read_choice("sizer", {"requests", "items", "bytes"}, sizer);
  out.sizer = sizer == "bytes" ? QueueSizer::kBytes : (sizer == "items" ? QueueSizer::kItems : QueueSizer::kRequests);
  if (out.sizer == QueueSizer::kBytes) {
    queue->read_bytes("queue_size", out.size_max, 1);
  } else {
    queue->read("queue_size", out.size_max, 1);
  }
  queue->read("wait_for_result", out.wait_for_result);
  queue->read("block_on_overflow", out.block_on_overflow);
  queue->refuse("blocking", "it was renamed: write block_on_overflow");
  queue->refuse(
      "storage",
      "the queue is in memory; to lose nothing set wait_for_result: true, so that senders keep what was not sent");
  read_batch(*queue, out);
  queue->finish();
}

void read_retry_options(MapReader& exporter, RetryOptions& out) {
  std::optional<MapReader> retry = exporter.child("retry_on_failure");
  if (!retry) return;
  retry->read("enabled", out.enabled);
  retry->read_duration("initial_interval", out.initial_nanos);
  retry->read_duration("max_interval", out.interval_nanos_max);
  retry->read_duration("max_elapsed_time", out.elapsed_nanos_max);
  retry->read("multiplier", out.multiplier, 1, 1000);
  retry->read("randomization_factor", out.randomization_factor, 0, 1);
  if (out.elapsed_nanos_max != 0 && out.elapsed_nanos_max < out.initial_nanos) {
    retry->fail("max_elapsed_time", "is shorter than initial_interval (" + format_duration(out.initial_nanos) +
                                        "); make it longer, or 0 for ever");
  }
  retry->finish();
}

std::string describe_size(const QueueOptions& options) {
  if (options.sizer == QueueSizer::kBytes) return format_byte_size(options.size_max);
  return std::to_string(options.size_max) + (options.sizer == QueueSizer::kItems ? " items" : " requests");
}

}  // namespace nanospan::gateway
