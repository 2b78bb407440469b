// A cause is said again only when its count has grown. Threads: see the header.
#include "sdk/pipeline/losses.h"

#include <string>
#include <string_view>

#include "sdk/diagnostics.h"
#include "sdk/runtime/memory.h"
#include "sdk/runtime/ring.h"

namespace nanospan::sdk {
namespace {

// What tells the lines apart in the diagnostics.
constexpr std::array<std::string_view, Losses::kCauses> kNames = {"queue_full", "queue_bytes_full", "out_of_memory",
                                                                  "too_large", "ring_full"};

std::string why(Losses::Cause cause, const BatchOptions& options) {
  constexpr std::size_t kMib = 1U << 20;
  switch (cause) {
    case Losses::kQueueSpans:
      return "as the queue of " + std::to_string(options.queue_spans_max) +
             " spans was full; OTEL_BSP_MAX_QUEUE_SIZE or BatchOptions::queue_spans_max makes it larger";
    case Losses::kQueueBytes:
      return "as the queue of " + std::to_string(options.queue_bytes_max) +
             " bytes was full; BatchOptions::queue_bytes_max makes it larger";
    case Losses::kMemory:
      return "as the system refused memory to queue them; a larger queue does not help, more memory or a smaller "
             "BatchOptions::queue_bytes_max does";
    case Losses::kBatchBytes:
      return "as each was larger than a batch of " + std::to_string(options.batch_bytes_max) +
             " bytes; BatchOptions::batch_bytes_max admits larger ones, SpanLimits::span_bytes_max keeps them smaller";
    default:
      return "as the ring between their thread and the export thread was full (" +
             std::to_string(kLastRingBytes / kMib) + " MiB at most, " + std::to_string(kProducerBytesMax / kMib) +
             " MiB for all threads): the export thread gets too little CPU for so many spans, or the process is out of "
             "memory; more CPU, or a sampler that keeps fewer";
  }
}

}  // namespace

void Losses::say(const BatchOptions& options) {
  for (std::uint8_t i = 0; i < kCauses; ++i) {
    const std::uint64_t lost = counts_[i].load(std::memory_order_relaxed);
    if (lost == said_[i]) continue;
    said_[i] = lost;
    report("batch_processor", kNames[i],
           std::to_string(lost) + (lost == 1 ? " span" : " spans") + " lost so far, " + why(Cause{i}, options));
  }
}

void Losses::reset() {
  for (auto& count : counts_) count.store(0, std::memory_order_relaxed);
  said_ = {};
}

}  // namespace nanospan::sdk
