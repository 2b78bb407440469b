// Ledger: where every sampled span went. ended = exported + all dropped + queued, exactly, whenever producers are
// quiet.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nanospan {
inline namespace v0 {

/// Why a span that ended was not delivered; each is counted under exactly one.
enum class DropReason : std::uint8_t {
  kRingFull,       ///< The ending thread's ring was full and may not grow further.
  kQueueFull,      ///< queue_spans_max spans or queue_bytes_max bytes were waiting, or no memory for one more.
  kExportFailed,   ///< The exporter gave up: not retryable, or all retries failed.
  kExportTimeout,  ///< export_timeout_ms passed first.
  kRejected,       ///< The receiver answered with a partial success that refused them.
  kTooLarge,       ///< One span is larger than batch_bytes_max, or what holds it than a request or file may be.
  kShutdown,       ///< Ended after shutdown began, or still waiting at its deadline.
  kUnknownScope,   ///< A processor passed on a view whose scope is not a tracer's, so nobody knows whose span it is.
  kCount,
};

/// For people and metrics: "ring_full". REQUIRES: not kCount.
constexpr std::string_view drop_reason_name(DropReason reason) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(DropReason::kCount)> names = {
      "ring_full", "queue_full", "export_failed", "export_timeout",
      "rejected",  "too_large",  "shutdown",      "unknown_scope"};
  return names[static_cast<std::size_t>(reason)];
}

/// Counts of spans since the pipeline began. A copy of one moment, exact when no span is being ended meanwhile.
struct Ledger {
  std::uint64_t ended = 0;     ///< Sampled spans that ended and were meant for this pipeline; counted by the producers.
  std::uint64_t exported = 0;  ///< The exporter reported success.
  std::uint64_t queued = 0;    ///< In rings, in the queue, or being exported; counted on its own.
  std::array<std::uint64_t, static_cast<std::size_t>(DropReason::kCount)> dropped{};

  std::uint64_t dropped_total() const {
    std::uint64_t total = 0;
    for (const std::uint64_t count : dropped) total += count;
    return total;
  }
  /// REQUIRES: `reason` is not kCount.
  std::uint64_t dropped_by(DropReason reason) const { return dropped[static_cast<std::size_t>(reason)]; }
  /// True if every span that ended is accounted for; always so when no span is being ended.
  bool balances() const { return ended == exported + dropped_total() + queued; }
};

}  // namespace v0
}  // namespace nanospan
