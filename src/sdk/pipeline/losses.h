// Losses: why the batch processor itself dropped spans, and what would keep them. Finer than the ledger's reasons, as
// each cause has a remedy of its own: a full queue of spans and one of bytes are both kQueueFull.
//
// add() from any thread, at the cost of one addition; say() from the export thread, once a round.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <nanospan/ledger.h>
#include <nanospan/span_processor.h>

namespace nanospan::sdk {

class Losses {
 public:
  enum Cause : std::uint8_t {
    kQueueSpans,  ///< queue_spans_max waited already.
    kQueueBytes,  ///< queue_bytes_max would be exceeded.
    kMemory,      ///< The system refused memory.
    kBatchBytes,  ///< The span alone is above batch_bytes_max.
    kRing,        ///< The ring of the ending thread was full: counted by the producers, see set().
    kCauses
  };
  /// Where the ledger counts it.
  static constexpr DropReason reason_of(Cause cause) {
    if (cause == kBatchBytes) return DropReason::kTooLarge;
    return cause == kRing ? DropReason::kRingFull : DropReason::kQueueFull;
  }

  void add(Cause cause, std::uint64_t spans) { counts_[cause].fetch_add(spans, std::memory_order_relaxed); }
  /// For what others count.
  void set(Cause cause, std::uint64_t spans) { counts_[cause].store(spans, std::memory_order_relaxed); }
  /// Reports each cause that took more since the last call, with its remedy; the diagnostics show a line of each in ten
  /// seconds.
  void say(const BatchOptions& options);
  /// In a forked child: the parent's are the parent's.
  void reset();

 private:
  std::array<std::atomic<std::uint64_t>, kCauses> counts_{};
  std::array<std::uint64_t, kCauses> said_{};
};

}  // namespace nanospan::sdk
