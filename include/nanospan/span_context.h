// SpanContext: what identifies a span across processes.
//
// An immutable value of 40 bytes; copies may be used from any thread. Source: trace/api.md "SpanContext", W3C Trace
// Context Level 2 (flags). It begins with a thread-local context record (OTEP 4947), so that a thread's pointer to what
// is current on it is what profilers of other processes look for (docs/decisions/0306):
//
//   0          16        24        25       26                   28          32
//   trace id   span id   valid 1   flags    attributes' size 0   is_remote   trace state
#pragma once

#include <cstdint>
#include <utility>

#include <nanospan/ids.h>
#include <nanospan/trace_state.h>

namespace nanospan {
inline namespace v0 {

/// The W3C trace flags. Bits other than these two are never set by Nanospan and never propagated.
struct TraceFlags {
  static constexpr std::uint8_t kSampled = 0x01;  ///< The caller may have recorded the trace.
  static constexpr std::uint8_t kRandom = 0x02;   ///< The low 56 bits of the trace id are uniformly random (Level 2).
  static constexpr std::uint8_t kKnown = kSampled | kRandom;
};

class SpanContext {
 public:
  /// The invalid context: no ids, no flags.
  constexpr SpanContext() = default;
  /// REQUIRES nothing of its arguments; is_valid() says whether both ids are. `flags` keeps its two known bits.
  SpanContext(const TraceId& trace_id, const SpanId& span_id, std::uint8_t flags, bool is_remote,
              TraceState trace_state = {})
      : trace_id_(trace_id),
        span_id_(span_id),
        word_(kRecordValid | (std::uint64_t{flags} & TraceFlags::kKnown) << kFlagsShift |
              std::uint64_t{is_remote} << kRemoteShift),
        trace_state_(std::move(trace_state)) {}

  const TraceId& trace_id() const { return trace_id_; }
  const SpanId& span_id() const { return span_id_; }
  std::uint8_t trace_flags() const { return static_cast<std::uint8_t>(word_ >> kFlagsShift); }
  const TraceState& trace_state() const { return trace_state_; }

  /// True if both ids are non-zero.
  bool is_valid() const { return trace_id_.is_valid() && span_id_.is_valid(); }
  bool is_sampled() const { return (trace_flags() & TraceFlags::kSampled) != 0; }
  bool is_random() const { return (trace_flags() & TraceFlags::kRandom) != 0; }
  /// True if it came from another process through a propagator.
  bool is_remote() const { return (word_ >> kRemoteShift) != 0; }

  friend bool operator==(const SpanContext&, const SpanContext&) = default;

 private:
  // In a little-endian word: bytes 24 to 31 as drawn above.
  static constexpr std::uint64_t kRecordValid = 1;
  static constexpr unsigned kFlagsShift = 8, kRemoteShift = 32;

  TraceId trace_id_;
  SpanId span_id_;
  std::uint64_t word_ = kRecordValid;  // one store and one copy for the four fields of the record
  TraceState trace_state_;
};

static_assert(sizeof(SpanContext) == 40,
              "the hot path copies this; keep it within one cache line with a pointer to spare");

}  // namespace v0
}  // namespace nanospan
