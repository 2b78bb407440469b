// The keys that all sending exporters share: sending_queue, retry_on_failure and timeout (exporterhelper/README.md).
// Typed structs with the Collector's defaults; read by one thread, then constant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "gateway/config/map_reader.h"
#include "gateway/pipeline/request_joiner.h"

namespace nanospan::gateway {

/// What queue_size counts.
enum class QueueSizer { kRequests, kItems, kBytes };

/// sending_queue.batch: what leaves the queue is joined.
struct QueueBatchOptions {
  std::uint64_t flush_nanos = 200 * base::kNanosPerMilli;  ///< flush_timeout: a batch is sent after this.
  JoinLimits limits;                                       ///< min_size, max_size, and what they count.
};

struct QueueOptions {
  bool enabled = true;  ///< Off: no waiting list; a sender is answered when its batch was sent or not.
  std::uint64_t consumers = 10;
  std::uint64_t size_max = 1000;
  QueueSizer sizer = QueueSizer::kRequests;
  bool wait_for_result = false;
  bool block_on_overflow = false;
  std::optional<QueueBatchOptions> batch = std::nullopt;
};

struct RetryOptions {
  bool enabled = true;
  std::uint64_t initial_nanos = 5 * base::kNanosPerSecond;
  std::uint64_t interval_nanos_max = 30 * base::kNanosPerSecond;
  std::uint64_t elapsed_nanos_max = 300 * base::kNanosPerSecond;  ///< 0: for ever.
  double multiplier = 1.5;
  double randomization_factor = 0.5;
};

void read_queue_options(MapReader& exporter, QueueOptions& out);
void read_retry_options(MapReader& exporter, RetryOptions& out);

/// "1000 requests", "64 MiB"; for the start block.
std::string describe_size(const QueueOptions& options);

}  // namespace nanospan::gateway
