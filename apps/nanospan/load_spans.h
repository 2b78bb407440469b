// The spans that `nanospan load otlp` sends: varied, of about 800 bytes each, shaped as services make them (traces of
// eight spans: server, client, database, messaging, internal; a few with errors), all written before the clock runs.
// What changes from request to request are the ids, which are stamped into the bytes.
//
// Every span of a run has a number, and its span id is that number put through a one-to-one function; so whoever
// receives the span knows which one it is (load_ledger.h).
//
// Plain values; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace nanospan::app {

/// The ids of one run. Runs with different keys share none.
class SpanIds {
 public:
  explicit SpanIds(std::uint64_t key) : key_(key) {}
  std::uint64_t key() const { return key_; }
  /// The eight bytes of a span id, as they lie in memory.
  std::uint64_t span_id(std::uint64_t number) const { return mix(number + key_); }
  /// Its inverse; a number that was never given if the id is none of this run.
  std::uint64_t number_of(std::uint64_t span_id) const { return unmix(span_id) - key_; }
  /// The second half of a trace id, which samplers read (W3C Trace Context level 2: random).
  std::uint64_t trace_id_low(std::uint64_t number) const { return mix(number + ~key_); }

 private:
  // The finalizer of splitmix64, and its inverse.
  static std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
  }
  static std::uint64_t unmix(std::uint64_t x) {
    x = (x ^ (x >> 31) ^ (x >> 62)) * 0x319642B2D24D8EC3;
    x = (x ^ (x >> 27) ^ (x >> 54)) * 0x96DE1B173F119089;
    return x ^ (x >> 30) ^ (x >> 60);
  }

  std::uint64_t key_;
};

/// A serialized ExportTraceServiceRequest, and where in it the ids stand.
class SpanRequest {
 public:
  /// `spans` of them, chosen by `seed`; their times lie before `now`. The ids are those of request number 0.
  static SpanRequest make(std::size_t spans, std::uint64_t seed, const SpanIds& ids, base::UnixNanos now);

  const std::string& bytes() const { return bytes_; }
  std::size_t spans() const { return places_.size(); }
  /// Makes it request number `number`: its spans are numbers number * spans() and following.
  void stamp(const SpanIds& ids, std::uint64_t number);

 private:
  /// Offsets in bytes_; parent_id is 0 for a root.
  struct Place {
    std::uint32_t span, trace, parent;
    std::uint32_t trace_id, span_id, parent_id;
  };
  friend class SpanRequestMaker;

  std::string bytes_;
  std::vector<Place> places_;
};

}  // namespace nanospan::app
