// Reads sending_queue and retry_on_failure. One thread.
#include "gateway/queue/queue_config.h"

#include "gateway/config/units.h"

namespace nanospan::gateway {

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
  queue->refuse("batch", "requests are forwarded as they came; remove it");
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
